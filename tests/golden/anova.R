# Golden values of tests/inference/test_factor_tests.py and test_profile.py. Run in this folder:
# Rscript anova.R   (R 4.2.2, car, MASS)
suppressMessages({library(car); library(MASS)})

set.seed(20)
n <- 160
d <- data.frame(a = sample(c("p", "q", "r"), n, TRUE), b = sample(c("u", "v"), n, TRUE),
                x = round(runif(n, -1, 2), 3), exposure = round(runif(n, 0.2, 1), 3),
                w = sample(1:3, n, TRUE))
eta <- with(d, 0.4 * x + 0.5 * (a == "q") - 0.3 * (b == "v") + 0.3 * (a == "r" & b == "v"))
d$count <- rpois(n, 2 * d$exposure * exp(eta))
d$cost <- round(rgamma(n, 2, 1) * exp(eta), 3)
d$level <- round(3 + eta + rnorm(n), 3)
d$won <- rbinom(n, 1, plogis(eta))

json <- function(v) {
  v <- if (is.numeric(v)) ifelse(is.na(v), "NaN", ifelse(is.infinite(v), ifelse(v > 0, "Infinity", "-Infinity"),
                                                         sprintf("%.15g", v))) else sprintf('"%s"', v)
  paste0("[", paste(v, collapse = ", "), "]")
}
object <- function(items) paste0("{", paste(sprintf('"%s": %s', names(items), items), collapse = ",\n  "), "}")
frame <- function(m) {
  m <- as.data.frame(m)
  object(c(term = json(rownames(m)), sapply(m, json)))
}

cases <- c()
golden <- function(call, ours) {  # ours: the same call in our words, as JSON
  fit <<- eval(parse(text = sub(")$", ", d, control = glm.control(1e-14, 100))", call)))
  found <- c(call = sprintf('"%s"', gsub('"', "'", call)), ours = ours)
  for (test in c("LRT", "F", "Rao")) {
    found[paste0("drop1_", test)] <- frame(suppressWarnings(drop1(fit, test = test)))
  }
  if (fit$family$family != "gaussian") {  # car does not take each model's own dispersion there
    found["type2_LR"] <- frame(Anova(fit, type = 2, test = "LR"))
    found["type3_LR"] <- frame(Anova(fit, type = 3, test = "LR"))
  }
  found["type3_Wald"] <- frame(Anova(fit, type = 3, test = "Wald"))
  if (fit$family$family != "Gamma") {  # MASS does not profile it
    found["profile"] <- frame(suppressMessages(confint(fit)))
  }
  cases <<- c(cases, object(found))
}

golden("glm(count ~ a * b + x, poisson, offset = log(exposure))",
       '{"formula": "count ~ a * b + x", "family": "poisson", "exposure": "exposure"}')
golden("glm(count ~ a * x + b, poisson, weights = w)",
       '{"formula": "count ~ a * x + b", "family": "poisson", "weights": "w"}')
golden("glm(level ~ a * b + x, gaussian, weights = w)",
       '{"formula": "level ~ a * b + x", "family": "gaussian", "weights": "w"}')
golden("glm(cost ~ a * b + x, Gamma('log'), weights = w)",
       '{"formula": "cost ~ a * b + x", "family": "gamma", "link": "log", "weights": "w"}')
golden("glm(won ~ a + b * x, binomial)", '{"formula": "won ~ a + b * x", "family": "binomial"}')
golden("glm(count ~ 0 + a + b + x, poisson)", '{"formula": "count ~ 0 + a + b + x", "family": "poisson"}')

data <- object(sapply(d, json))
writeLines(sprintf('{"R": "%s", "data": %s,\n"cases": [\n%s\n]}', R.version.string, data,
                   paste(cases, collapse = ",\n")), "anova_R.json")
