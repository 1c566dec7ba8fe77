# Golden values of tests/inference/test_robust.py and tests/results/test_residuals.py.
# Run in this folder: Rscript robust.R
library(sandwich)

n <- 36
i <- 1:n
d <- data.frame(
  x = round(sin(i), 3), z = round(cos(3 * i), 3), a = c("p", "q", "r")[1 + i %% 3],
  w = c(1, 2, 0.5, 3)[1 + i %% 4], e = round(0.3 + (i %% 7) / 7, 3), g = (i * 5) %% 11)
d$twice <- 2 * d$x
d$count <- c(0, 1, 3, 0, 2, 5, 1)[1 + (i * i) %% 7]
d$cost <- round(exp(1 + 0.5 * d$x + sin(7 * i)), 3)
d$won <- c(0, 1, 1, 0, 1)[1 + (i * i * i) %% 5]

numbers <- function(v) paste0("[", paste(ifelse(is.na(v), "NaN", sprintf("%.15g", v)), collapse = ", "), "]")
texts <- function(v) paste0("[", paste0('"', v, '"', collapse = ", "), "]")
column <- function(v) if (is.character(v)) texts(v) else numbers(v)
object <- function(l) paste0("{", paste0('"', names(l), '": ', l, collapse = ",\n "), "}")

cases <- list()
golden <- function(name, options, m) {  # options: the same model in our words, as JSON
  keep <- !is.na(coef(m))
  upper <- function(v) numbers(v[upper.tri(v, diag = TRUE)])
  values <- list(model = options, coef = numbers(coef(m)))
  for (type in c("HC0", "HC1", "HC2", "HC3")) values[[type]] <- upper(vcovHC(m, type = type))
  for (type in c("HC0", "HC1"))
    values[[paste0("CL_", type)]] <- upper(vcovCL(m, cluster = d$g, type = type))
  values$hatvalues <- numbers(hatvalues(m))
  values$cooks <- numbers(cooks.distance(m))
  for (type in c("response", "pearson", "deviance", "working"))
    values[[type]] <- numbers(residuals(m, type))
  cases[[name]] <<- object(values)
}

# To the last digit: R stops on the deviance, which is flat. Not where a column is aliased, as the
# tolerance for that is epsilon / 1000; the Gaussian needs one step anyway.
options(warn = -1)
tight <- glm.control(epsilon = 1e-300, maxit = 100)
golden("poisson", '{"formula": "count ~ x + z + a", "family": "poisson", "weights": "w", "exposure": "e"}',
       glm(count ~ x + z + a + offset(log(e)), poisson, d, weights = w, control = tight))
golden("gamma", '{"formula": "cost ~ x + a", "family": "gamma", "weights": "w"}',
       glm(cost ~ x + a, Gamma("log"), d, weights = w, control = tight))
golden("binomial", '{"formula": "won ~ x + z", "family": "binomial"}',
       glm(won ~ x + z, binomial, d, control = tight))
golden("gaussian", '{"formula": "cost ~ x + twice + a", "family": "gaussian", "weights": "w"}',
       glm(cost ~ x + twice + a, gaussian, d, weights = w))

out <- list(R = texts(R.version.string), data = object(lapply(d, column)), cases = object(cases))
writeLines(object(out), "robust_R.json")
