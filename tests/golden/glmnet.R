# Golden values of tests/test_golden_glmnet.py. Run in this folder: Rscript glmnet.R
suppressPackageStartupMessages({library(glmnet); library(statmod)})
options(warn = 2)  # what glmnet only fits with a warning is no reference

# --- Data: rounded before any fit, so that both sides read the same numbers -----------------------

set.seed(41)
n <- 400
common <- rnorm(n)
area <- sample(c("A", "B", "C", "D"), n, TRUE, c(0.4, 0.3, 0.2, 0.1))
x <- cbind(
  age = 3 * (0.8 * common + 0.6 * rnorm(n)), power = 0.7 * common + 0.7 * rnorm(n),
  price = exp(0.4 * common + 0.3 * rnorm(n)), rate = 0.2 * (rnorm(n) - 0.6 * common),
  noise = rnorm(n), mileage = runif(n, 0, 2), area_B = area == "B",
  area_C = area == "C", area_D = area == "D", diesel = rbinom(n, 1, plogis(common))
)
x <- signif(x, 6)
p <- ncol(x)
exposure <- runif(n, 0.2, 1)
o <- signif(log(exposure), 6)
w <- round(runif(n, 0.5, 2), 2)
eta <- drop(x %*% c(0.1, -0.25, 0.2, 0.8, 0, 0.15, 0.3, -0.2, 0.4, 0)) - 0.3
y <- list(
  level = signif(2 + 1.5 * eta + rnorm(n), 6),
  count = rpois(n, exp(o + eta)),
  won = rbinom(n, 1, plogis(1.5 * eta)),
  cost = signif(rgamma(n, 2, scale = exp(1 + eta) / 2), 6),
  pure = signif(vapply(rpois(n, 0.9 * exp(eta)), function(k) sum(rgamma(k, 2, 2)), 0), 6)
)
stopifnot(y$cost > 0)

# --- What glmnet minimises, and what we do --------------------------------------------------------

# Ours, with d the unit deviance and the intercept free:
#   1 / (2 sum w) sum_i w_i d(y_i, mu_i)
#     + alpha (l1_ratio sum_j v_j s_j |b_j| + (1 - l1_ratio) / 2 sum_j v_j s_j^2 b_j^2)
# s_j is 1, or with standardize the standard deviation of column j under the weights (divisor
# sum w); the b_j stand on the scale of the data either way. glmnet's lambda and alpha (here called
# mixing) are our alpha and l1_ratio, but for two things:
# - It scales the penalty factors to the sum p.
# - "gaussian" divides y by its standard deviation, of the same kind, and lambda too. That leaves
#   the L1 part as it is, but the L2 part is 1 / sd of what lambda and alpha say.
sd_n <- function(v, w) sqrt(sum(w * (v - sum(w * v) / sum(w))^2) / sum(w))

glmnets_penalty <- function(case) {
  scale <- sum(case$factors) / p
  l1 <- case$alphas * case$l1_ratio * scale
  l2 <- case$alphas * (1 - case$l1_ratio) * scale
  said <- if (scale == 1) "lambda = alpha" else "lambda = alpha sum(v) / p"
  if (case$family == "gaussian") {
    l2 <- l2 * sd_n(case$y, case$w)
    said <- c(
      "lambda = alpha (l1_ratio + (1 - l1_ratio) sd), alpha of glmnet = l1_ratio alpha / lambda",
      "lambda = alpha", "lambda = alpha sd"
    )[1 + (case$l1_ratio == 1) + 2 * (case$l1_ratio == 0)]
  }
  list(lambda = l1 + l2, mixing = (l1 / (l1 + l2))[1], said = said)
}

# --- The conditions of a minimum, which every stored column of coefficients has to meet -----------

variance <- function(case, mu) switch(
  case$family, gaussian = 1, poisson = mu, binomial = mu * (1 - mu), gamma = mu^2,
  tweedie = mu^case$var_power
)
scores <- function(case, b) {  # of each row, with respect to its linear predictor
  eta <- drop(cbind(1, x) %*% b) + case$offset
  mu <- switch(case$family, gaussian = eta, binomial = plogis(eta), exp(eta))
  slope <- switch(case$family, gaussian = 1, binomial = mu * (1 - mu), mu)
  case$w / sum(case$w) * (case$y - mu) * slope / variance(case, mu)
}

# How much a step of each coefficient up or down still gains, 0 where a bound forbids the step: its
# slope over the lengths of the column and of the scores, as a correlation is scaled.
kkt <- function(case, b, alpha) {
  s <- if (case$standardize) apply(x, 2, sd_n, case$w) else rep(1, p)
  l1 <- c(0, alpha * case$l1_ratio * case$factors * s)
  l2 <- c(0, alpha * (1 - case$l1_ratio) * case$factors * s^2)
  u <- scores(case, b)
  columns <- cbind(1, x)
  smooth <- drop(crossprod(columns, u)) - l2 * b
  up <- smooth - ifelse(b >= 0, l1, -l1)
  down <- -smooth - ifelse(b <= 0, l1, -l1)
  up[b >= c(Inf, case$upper)] <- 0
  down[b <= c(-Inf, case$lower)] <- 0
  max(pmax(up, down, 0) / sqrt(colSums(columns^2) * sum(u^2)))
}

# --- Fits -----------------------------------------------------------------------------------------

# fdev and devmax would end a path early. The others are where family objects stop.
invisible(glmnet.control(fdev = 0, devmax = 1, epsnr = 1e-15, mxitnr = 1000))
tight <- "thresh = 1e-16, maxit = 1e8"

cases <- list()
add <- function(name, family, response, r_family, l1_ratio, var_power = NULL, weights = FALSE,
                offset = FALSE, penalty_factor = NULL, bounds = NULL, standardize = FALSE) {
  case <- list(
    family = family, y = y[[response]], w = if (weights) w else rep(1, n),
    offset = if (offset) o else 0, l1_ratio = l1_ratio, var_power = var_power,
    factors = if (is.null(penalty_factor)) rep(1, p) else penalty_factor,
    lower = if (is.null(bounds)) rep(-Inf, p) else bounds[1, ],
    upper = if (is.null(bounds)) rep(Inf, p) else bounds[2, ], standardize = standardize
  )
  call <- paste0(
    "glmnet(x, y$", response, ", ", r_family, if (weights) ", weights = w",
    if (offset) ", offset = o", ", alpha = mixing, lambda = lambda",
    if (!is.null(penalty_factor)) ", penalty.factor = penalty_factor",
    if (!is.null(bounds)) ", lower.limits = lower_bounds, upper.limits = upper_bounds",
    ", standardize = ", standardize, ", ", tight, ")"
  )
  run <- function(call, alphas) {
    case$alphas <- alphas
    theirs <- glmnets_penalty(case)
    frame <- list(mixing = theirs$mixing, lambda = theirs$lambda, penalty_factor = penalty_factor,
                  lower_bounds = case$lower, upper_bounds = case$upper)
    fit <- eval(parse(text = call), frame)
    list(b = unname(rbind(fit$a0, as.matrix(fit$beta))), lambda = fit$lambda, theirs = theirs)
  }

  alpha_max <- NULL                        # a ridge has none
  alphas <- c(3, 1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
  if (l1_ratio > 0) {
    free <- run(sub("lambda = lambda", "nlambda = 5", call), 1)
    alpha_max <- free$lambda[1] / free$theirs$lambda
    alphas <- signif(alpha_max * c(1.1, 0.8, 0.4, 0.2, 0.08, 0.03, 0.01, 0.002), 3)
  }
  fit <- run(call, alphas)
  residuals <- vapply(seq_along(alphas), function(k) kkt(case, fit$b[, k], alphas[k]), 0)
  stopifnot(ncol(fit$b) == length(alphas), residuals < 1e-8)
  if (!is.null(alpha_max)) {               # the smallest alpha of the empty model, and no smaller
    empty <- fit$b[, 1]
    stopifnot(empty[-1][case$factors > 0] == 0, kkt(case, empty, alpha_max) < 1e-10,
              kkt(case, empty, alpha_max * (1 - 1e-5)) > 1e-8)
  }
  at_bounds <- sum(fit$b[-1, ] != 0 & (fit$b[-1, ] == case$lower | fit$b[-1, ] == case$upper))
  stopifnot(is.null(bounds) || at_bounds > 10)
  cases[[length(cases) + 1]] <<- list(
    name = name, call = call, family = family, response = response, var_power = var_power,
    weights = if (weights) "w", offset = if (offset) "o", l1_ratio = l1_ratio,
    standardize = standardize, penalty_factor = penalty_factor,
    lower_bounds = if (!is.null(bounds)) bounds[1, ],
    upper_bounds = if (!is.null(bounds)) bounds[2, ], alphas = alphas,
    conversion = fit$theirs$said, lambda = fit$theirs$lambda, mixing = fit$theirs$mixing,
    alpha_max = alpha_max, kkt = signif(max(residuals), 2),
    coefficients = lapply(seq_along(alphas), function(k) signif(fit$b[, k], 10))
  )
}

add("gaussian lasso", "gaussian", "level", '"gaussian"', 1)
add("gaussian elastic net", "gaussian", "level", '"gaussian"', 0.5)
add("gaussian ridge", "gaussian", "level", '"gaussian"', 0)
add("gaussian elastic net, weights", "gaussian", "level", '"gaussian"', 0.5, weights = TRUE)

poisson_add <- function(name, l1_ratio, ...) {
  add(paste("poisson", name), "poisson", "count", '"poisson"', l1_ratio, offset = TRUE, ...)
}
poisson_add("lasso", 1)
poisson_add("elastic net", 0.3)
poisson_add("ridge", 0)
poisson_add("lasso, weights", 1, weights = TRUE)
factors <- c(1, 1, 0.5, 1, 1, 0, 0.5, 0.5, 0.5, 1)
poisson_add("lasso, penalty factors", 1, penalty_factor = factors)
poisson_add("elastic net, penalty factors", 0.5, penalty_factor = factors)
poisson_add("lasso, bounds", 1, bounds = rbind(
  c(0, -0.1, 0, -Inf, -Inf, -1, 0, -0.1, -1, 0),
  c(0.05, Inf, 0.1, Inf, 0.01, Inf, 0.1, 0, Inf, 0.02)
))
poisson_add("lasso, standardize", 1, standardize = TRUE)
poisson_add("elastic net, standardize and weights", 0.5, standardize = TRUE, weights = TRUE)

add("binomial lasso", "binomial", "won", '"binomial"', 1)
add("gamma lasso", "gamma", "cost", 'Gamma("log")', 1)
add("gamma elastic net, weights", "gamma", "cost", 'Gamma("log")', 0.5, weights = TRUE)
add("tweedie lasso", "tweedie", "pure", "tweedie(var.power = 1.5, link.power = 0)", 1,
    var_power = 1.5)

# --- JSON: 17 digits where 15 do not give the same number back ------------------------------------

json <- function(v, between = ",") {
  if (is.list(v)) {
    v <- Filter(Negate(is.null), v)      # what a case does not have it does not name
    parts <- vapply(v, json, "")
    if (is.null(names(v))) return(paste0("[", paste(parts, collapse = between), "]"))
    return(paste0("{", paste0('"', names(v), '":', parts, collapse = between), "}"))
  }
  text <- if (is.numeric(v)) {
    digits <- ifelse(as.numeric(sprintf("%.15g", v)) == v, 15, 17)
    ifelse(is.finite(v), sprintf("%.*g", digits, v), "null")  # no bound: null
  } else if (is.logical(v)) tolower(v) else paste0('"', gsub('"', '\\\\"', v), '"')
  if (length(text) == 1) text else paste0("[", paste(text, collapse = ","), "]")
}

packages <- sapply(c("glmnet", "statmod"), function(name) format(packageVersion(name)),
                   simplify = FALSE)
sections <- list(
  R = R.version.string, packages = packages,
  control = "glmnet.control(fdev = 0, devmax = 1, epsnr = 1e-15, mxitnr = 1000)",
  objective = paste(
    "1 / (2 sum w) sum_i w_i d(y_i, mu_i) + alpha (l1_ratio sum_j v_j s_j |b_j|",
    "+ (1 - l1_ratio) / 2 sum_j v_j s_j^2 b_j^2), s_j = 1 or with standardize the weighted sd"
  ),
  note = paste(
    "lambda and mixing are lambda and alpha of the call, conversion is how they follow from alphas",
    "and l1_ratio; penalty_factor is v as given; alpha_max is from lambda[1] where lambda is left",
    "out; kkt is the largest residual of the conditions of a minimum; each row of coefficients is",
    "of one alpha, the intercept first"
  ),
  x = as.list(as.data.frame(x)), y = y, o = o, w = w, cases = cases
)
lines <- vapply(sections, function(s) {
  if (is.list(s)) json(s, ",\n") else json(s)  # a case or a column on each line
}, "")
writeLines(paste0("{", paste0('"', names(lines), '":', lines, collapse = ",\n"), "}"),
           "glmnet_R.json")
