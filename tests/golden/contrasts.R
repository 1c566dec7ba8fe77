# Golden values of tests/terms/test_contrasts.py. Run in this folder: Rscript contrasts.R
# The matrices of contr.* at several numbers of levels, and a Poisson model with each of them:
# coefficients, standard errors and deviance, with a factor beside it and within an interaction.
library(MASS)

numbers <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ", "), "]")
texts <- function(v) paste0("[", paste(sprintf('"%s"', v), collapse = ", "), "]")

codings <- list(treatment = contr.treatment, sum = contr.sum, helmert = contr.helmert,
                backward_difference = contr.sdif, polynomial = contr.poly)

matrices <- c()
for (name in setdiff(names(codings), "backward_difference")) for (k in c(2, 3, 4, 7, 12)) {
  rows <- apply(codings[[name]](k), 1, numbers)
  matrices <- c(matrices, sprintf('{"coding": "%s", "n_levels": %d, "rows": [\n  %s]}',
                                  name, k, paste(rows, collapse = ",\n  ")))
}

n <- 240
i <- seq_len(n)
size <- c("low", "mid", "high", "top")[1 + (i * 7 + i %/% 5) %% 4]
gas <- c("diesel", "regular", "electric")[1 + (i * 5 + i %/% 7) %% 3]
x <- round(cos(i) + i / 100, 3)
y <- (i * 13 + i %/% 3 + 4 * (size == "top")) %% 5
e <- round(0.5 + (i %% 11) / 10, 2)
data <- data.frame(y, e, x, size = factor(size, c("low", "mid", "high", "top")), gas = factor(gas))

models <- c()
for (name in names(codings)) for (terms in c("size", "size + gas + x", "size * gas", "size:x")) {
  contrasts(data$size) <- codings[[name]](4)
  fit <- glm(as.formula(paste("y ~", terms, "+ offset(log(e))")), poisson, data,
             control = list(epsilon = 1e-14, maxit = 50))
  table <- summary(fit)$coefficients
  models <- c(models, sprintf(
    '{"coding": "%s", "terms": "%s", "deviance": %.17g,\n  "coef": %s,\n  "errors": %s}',
    name, terms, fit$deviance, numbers(table[, 1]), numbers(table[, 2])))
}

cat(sprintf(
  '{"r": "%s",\n"y": %s,\n"e": %s,\n"x": %s,\n"size": %s,\n"gas": %s,\n"matrices": [\n%s],\n"models": [\n%s]}\n',
  R.version.string, numbers(y), numbers(e), numbers(x), texts(size), texts(gas),
  paste(matrices, collapse = ",\n"), paste(models, collapse = ",\n")),
  file = "contrasts_R.json")
