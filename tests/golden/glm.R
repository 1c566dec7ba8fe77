# Golden values of tests/test_golden_glm.py. Run in this folder: Rscript glm.R
suppressPackageStartupMessages({library(MASS); library(sandwich); library(statmod); library(car)})
options(warn = 2)  # what R only fits with a warning is no reference

# --- Data: rounded before any fit, so that both sides read the same numbers -----------------------

set.seed(20)
n <- 120
rows <- data.frame(
  x = round(runif(n, -1, 1), 3), a = factor(sample(c("A", "B", "C"), n, TRUE)),
  b = factor(sample(c("u", "v"), n, TRUE)), g = sample(25, n, TRUE),
  o = round(runif(n, -0.1, 0.1), 3), w = round(runif(n, 0.5, 2), 2), trials = sample(8, n, TRUE)
)
eta <- with(rows, 0.35 * x + 0.25 * (a == "B") - 0.15 * (a == "C") + 0.1 * (b == "v")
            - 0.2 * x * (a == "C") + o)
mu <- exp(0.45 + eta)
rows$level <- round(1.6 + eta + rnorm(n, sd = 0.25), 3)  # means and data above 0 for every link
rows$count <- rpois(n, mu)
rows$over <- rnbinom(n, size = 1.7, mu = 1.5 * mu)
rows$wins <- rbinom(n, rows$trials, plogis(eta - 0.8))   # probabilities stay clear of 0 and 1
rows$won <- rbinom(n, 1, plogis(eta - 0.6))
rows$cost <- round(rgamma(n, 3, scale = mu / 3), 3)
rows$sharp <- round(rinvgauss(n, mu, shape = 5), 3)
rows$pure <- round(vapply(rpois(n, 0.55 * mu), function(k) sum(rgamma(k, 2, 2)), 0), 3)
stopifnot(rows$level > 0.5, rows$cost > 0, rows$sharp > 0)
stored <- rows                           # a proportion travels as its two whole numbers
rows$share <- rows$wins / rows$trials

# --- Fits -----------------------------------------------------------------------------------------

tight <- glm.control(epsilon = 1e-14, maxit = 200)
run <- function(call, frame = parent.frame()) eval(parse(text = call), frame)
glm_call <- function(y, terms, family, weights = NULL, offset = NULL) {
  paste0("glm(", y, " ~ ", terms, ", ", family, ", rows", if (!is.null(weights)) ", weights = ",
         weights, if (!is.null(offset)) ", offset = ", offset, ", control = tight)")
}
more <- function(call, ...) sub("\\)$", paste0(", ", ..., ")"), call)

settle <- function(call) {
  # Where an offset moves R's own start out of the link's domain: the constant mean instead.
  # On its way R may leave the domain, warn and halve the step; the refits below may not.
  fit <- tryCatch(suppressWarnings(run(call)), error = function(e) NULL)
  if (is.null(fit)) {
    parts <- parse(text = call)[[1]]
    y <- rows[[as.character(parts[[2]][[2]])]]
    constant <- signif(eval(parts[[3]])$linkfun(mean(y)), 3)
    slopes <- if (length(all.vars(parts[[2]])) > 1) ", 0, 0, 0"
    call <- more(call, "start = c(", constant, slopes, ")")
    fit <- suppressWarnings(run(call))
  }
  # glm stops on the deviance, which is flat at its minimum: at 1e-14 a slope of a linear binomial
  # model is still 1e-6 off, relatively. So each fit goes on from where it stopped.
  for (i in 1:100) {
    before <- coef(fit)
    fit <- run(more(sub(", start = .*", ")", call), "start = before"))
    change <- max(abs(coef(fit) / before - 1))
    if (change < 1e-13) break
  }
  stopifnot(fit$converged, !fit$boundary, change < 1e-12)
  fit$said <- call
  fit
}

pearson <- function(fit) sum(residuals(fit, "pearson")^2) / fit$df.residual

# summary.glm estimates a dispersion for a negative binomial of known theta; ours is 1
dispersion <- function(fit) {
  if (grepl("^(poisson|binomial|Negative Binomial)", fit$family$family)) 1 else pearson(fit)
}

log_likelihood <- function(fit) {  # NULL for quasi families and Tweedie; aic counts a dispersion
  counted <- fit$family$family %in% c("gaussian", "Gamma", "inverse.gaussian")
  if (is.na(fit$aic)) NULL else fit$rank + counted - fit$aic / 2
}

errors <- function(cov) sqrt(diag(cov))
brief <- function(v) signif(v, 8)        # keeps the file small where nothing finer is compared
each <- function(names, f) sapply(names, f, simplify = FALSE)

# --- Families, links, weights and offsets ---------------------------------------------------------

cases <- list()
add <- function(family, link, response, r_family, var_power = NULL, theta = NULL) {
  for (kind in c("plain", "offset", "weights", "both")) {
    weighted <- kind %in% c("weights", "both")
    offset <- if (kind %in% c("offset", "both")) "o"
    binomial <- family %in% c("binomial", "quasibinomial")
    weights <- if (weighted) if (binomial) "trials" else "w"
    y <- if (binomial && weighted) "share" else response
    call <- glm_call(y, "x + a", r_family, weights, offset)
    fit <- settle(call)
    null <- settle(glm_call(y, "1", r_family, weights, offset))$deviance
    stopifnot(abs(fit$null.deviance / null - 1) < 1e-10)
    phi <- dispersion(fit)
    llf <- log_likelihood(fit)
    if (!is.null(theta)) {
      density <- dnbinom(fit$y, size = theta, mu = fitted(fit), log = TRUE)
      stopifnot(abs(sum(fit$prior.weights * density) / llf - 1) < 1e-12)
    }
    cases[[length(cases) + 1]] <<- list(
      call = fit$said, family = family, link = link, response = y, weights = weights,
      offset = offset, var_power = var_power, theta = theta,
      params = coef(fit), bse = errors(phi * summary(fit)$cov.unscaled),
      deviance = fit$deviance, null_deviance = null, scale_pearson = brief(pearson(fit)), llf = llf,
      aic = if (!is.null(llf)) 2 * fit$rank - 2 * llf,
      robust = each(c("HC0", "HC1", "HC2", "HC3"), function(t) brief(errors(vcovHC(fit, t)))),
      leverage = brief(hatvalues(fit)[1:5]),
      cooks_distance = brief(cooks.distance(fit, dispersion = phi)[1:5]),
      resid = each(c("response", "pearson", "deviance", "working"),
                   function(t) brief(residuals(fit, t)[1:5]))
    )
  }
}

for (link in c("identity", "log", "inverse")) {
  add("gaussian", link, "level", sprintf("gaussian(%s)", link))
}
add("gaussian", "sqrt", "level", 'gaussian(make.link("sqrt"))')
for (link in c("log", "identity", "sqrt", "power(0.7)")) {
  add("poisson", link, "count", sprintf("poisson(%s)", link))
}
add("quasipoisson", "log", "count", "quasipoisson(log)")
for (link in c("logit", "probit", "cloglog", "log")) {
  add("binomial", link, "won", sprintf("binomial(%s)", link))
}
add("binomial", "identity", "won", 'binomial(make.link("identity"))')
add("quasibinomial", "logit", "won", "quasibinomial(logit)")
for (link in c("log", "inverse", "identity")) add("gamma", link, "cost", sprintf("Gamma(%s)", link))
for (link in c("log", "inverse", "identity")) {
  add("inverse_gaussian", link, "sharp", sprintf("inverse.gaussian(%s)", link))
}
add("inverse_gaussian", "inverse_squared", "sharp", 'inverse.gaussian("1/mu^2")')
for (link in c("log", "sqrt", "identity")) {
  add("negbinomial", link, "over", sprintf("negative.binomial(1.7, %s)", link), theta = 1.7)
}
add("tweedie", "log", "pure", "tweedie(var.power = 1.5, link.power = 0)", var_power = 1.5)
add("tweedie", "sqrt", "pure", "tweedie(var.power = 1.3, link.power = 0.5)", var_power = 1.3)
add("tweedie", "log", "cost", "tweedie(var.power = 2.5, link.power = 0)", var_power = 2.5)

# --- Negative binomial with theta from the data ---------------------------------------------------

# theta.ml gives the standard error before its last step, which may be one of 1e-4 (here that is
# 5e-7 off): from where glm.nb ends, coefficients and theta go on until neither moves.
settle_nb <- function(arguments, link) {
  call <- sprintf("glm.nb(%s, control = tight, link = %s)", arguments, link)
  fit <- run(call)
  theta <- fit$theta
  before <- coef(fit)
  known <- sprintf("glm(%s, family = negative.binomial(theta, %s), start = before, %s)",
                   arguments, link, "control = tight")
  for (i in 1:100) {
    free <- run(known)
    better <- theta.ml(free$y, fitted(free), sum(free$prior.weights), free$prior.weights,
                       limit = 100, eps = 1e-11)
    change <- max(abs(c(coef(free) / before, better / theta) - 1))
    theta <- as.numeric(better)
    before <- coef(free)
    if (change < 1e-12) break
  }
  stopifnot(change < 1e-12, abs(theta / fit$theta - 1) < 1e-7,
            abs(coef(free) / coef(fit) - 1) < 1e-7,
            abs(2 * log_likelihood(free) / fit$twologlik - 1) < 1e-12)
  list(glm = free, nb = fit, said = call, theta = theta, theta_se = attr(better, "SE"))
}

add_nb <- function(link, weights = NULL, offset = NULL) {
  arguments <- paste0("over ~ x + a, data = rows", if (!is.null(weights)) ", weights = w",
                      if (!is.null(offset)) ", offset = o")
  found <- settle_nb(arguments, link)
  fit <- found$glm
  stopifnot(abs(found$nb$null.deviance / fit$null.deviance - 1) < 1e-7)
  llf <- log_likelihood(fit)
  list(call = found$said, family = "negbinomial", link = link, response = "over",
       weights = weights, offset = offset, params = coef(fit),
       bse = errors(summary(fit)$cov.unscaled), theta = found$theta, theta_se = found$theta_se,
       deviance = fit$deviance, null_deviance = fit$null.deviance, llf = llf,
       aic = 2 * (fit$rank + 1) - 2 * llf)
}
glm_nb <- list(add_nb("log"), add_nb("log", offset = "o"), add_nb("log", weights = "w"),
               add_nb("log", "w", "o"), add_nb("sqrt"))

# --- Clusters -------------------------------------------------------------------------------------

clusters <- lapply(list(
  list("poisson", "log", "count", "poisson(log)"),
  list("gamma", "log", "cost", "Gamma(log)", "w"),
  list("binomial", "logit", "won", "binomial(logit)"),
  list("gaussian", "identity", "level", "gaussian(identity)")
), function(k) {
  weights <- if (length(k) > 4) k[[5]]
  call <- glm_call(k[[3]], "x + a", k[[4]], weights)
  fit <- settle(call)
  list(call = sprintf("vcovCL(%s, rows$g, type)", call), family = k[[1]], link = k[[2]],
       response = k[[3]], weights = weights, groups = "g",
       robust = each(c("HC0", "HC1"), function(t) brief(errors(vcovCL(fit, rows$g, type = t)))))
})

# --- Tests of terms -------------------------------------------------------------------------------

drop1s <- list()
add_drop1 <- function(family, link, y, r_family, weights = NULL, offset = NULL) {
  for (terms in c("x + a + b", "x * a + b")) {
    if (family == "negbinomial") {
      call <- sprintf("glm.nb(%s ~ %s, rows, control = tight)", y, terms)
      fit <- run(call)
    } else {
      call <- glm_call(y, terms, r_family, weights, offset)
      fit <- settle(call)
    }
    # R warns that the F test of a Poisson or binomial model assumes a quasi family
    tables <- each(c("LRT", "F", "Rao"), function(t) suppressWarnings(drop1(fit, test = t)))
    statistic_and_p <- function(table) lapply(unname(table[-1, ncol(table) - 1:0]), brief)
    drop1s[[length(drop1s) + 1]] <<- list(
      call = sprintf("drop1(%s, test = )", call), family = family, link = link, response = y,
      terms = terms, weights = weights, offset = offset,
      theta = if (family == "negbinomial") "auto", term = rownames(tables$LRT)[-1],
      df = tables$LRT$Df[-1], deviance = tables$LRT$Deviance, aic = tables$LRT$AIC,
      tests = lapply(tables, statistic_and_p)
    )
  }
}
add_drop1("poisson", "log", "count", "poisson(log)", offset = "o")
add_drop1("binomial", "logit", "won", "binomial(logit)")
add_drop1("gamma", "log", "cost", "Gamma(log)", weights = "w")
add_drop1("gaussian", "identity", "level", "gaussian(identity)")
add_drop1("inverse_gaussian", "log", "sharp", "inverse.gaussian(log)")
add_drop1("negbinomial", "log", "over")
add_drop1("quasipoisson", "log", "count", "quasipoisson(log)")

anovas <- list()
add_anova <- function(family, y, r_family, type, test) {
  call <- glm_call(y, "x * a + b", r_family)
  fit <- settle(call)
  # the F tests of drop1 and of Anova are one with the deviance in the denominator
  as_drop1 <- if (test == "F") ', error.estimate = "deviance"' else ""
  said <- 'Anova(%s, type = "%s", test.statistic = "%s"%s)'
  table <- run(sprintf(said, "fit", type, test, as_drop1))
  table <- table[rownames(table) != "Residuals", ]
  anovas[[length(anovas) + 1]] <<- list(
    call = sprintf(said, call, type, test, as_drop1),
    family = family, link = "log", response = y, terms = "x * a + b", type = nchar(type),
    test = test, term = rownames(table), df = table$Df,
    statistic = table[[grep("Chisq$|^F", names(table))[1]]], p = table[[grep("^Pr", names(table))]]
  )
}
add_anova("poisson", "count", "poisson(log)", "II", "LR")
add_anova("poisson", "count", "poisson(log)", "III", "Wald")
add_anova("gamma", "cost", "Gamma(log)", "II", "LR")
add_anova("gamma", "cost", "Gamma(log)", "II", "F")

# --- Profile limits -------------------------------------------------------------------------------

# MASS interpolates the profile; here the signed root of the rise in deviance is solved for.
profile_limit <- function(fit, j, side) {
  X <- model.matrix(fit)
  phi <- dispersion(fit)
  rise <- function(beta) {
    other <- glm.fit(X[, -j], fit$y, offset = X[, j] * beta, family = fit$family, control = tight)
    (other$deviance - fit$deviance) / phi - qchisq(0.95, 1)
  }
  step <- side * errors(phi * summary(fit)$cov.unscaled)[j]
  uniroot(rise, sort(coef(fit)[j] + c(1, 4) * step), tol = 1e-12)$root
}
profiles <- lapply(list(
  list("poisson", "log", "count", "poisson(log)"),
  list("binomial", "logit", "won", "binomial(logit)"),
  list("gamma", "log", "cost", "Gamma(log)")
), function(k) {
  call <- glm_call(k[[3]], "x + a", k[[4]])
  fit <- settle(call)
  mass <- suppressMessages(confint(fit))
  solved <- sapply(c(-1, 1), function(side) {
    vapply(seq_along(coef(fit)), function(j) profile_limit(fit, j, side), 0)
  })
  list(call = sprintf("confint(%s)", call), family = k[[1]], link = k[[2]], response = k[[3]],
       low = mass[, 1], high = mass[, 2], solved_low = solved[, 1], solved_high = solved[, 2])
})

# --- JSON: 17 digits where 15 do not give the same number back ------------------------------------

json <- function(v, between = ",") {
  if (is.list(v)) {
    v <- Filter(Negate(is.null), v)      # what a case does not have it does not name
    parts <- vapply(v, json, "")
    if (is.null(names(v))) return(paste0("[", paste(parts, collapse = between), "]"))
    return(paste0("{", paste0('"', names(v), '":', parts, collapse = between), "}"))
  }
  text <- if (is.numeric(v)) {
    digits <- ifelse(signif(v, 15) == v, 15, 17)
    ifelse(is.na(v), "null", sprintf("%.*g", digits, v))
  } else paste0('"', gsub('"', '\\\\"', v), '"')
  if (length(text) == 1) text else paste0("[", paste(text, collapse = ","), "]")
}

packages <- each(c("MASS", "sandwich", "statmod", "car"), function(p) format(packageVersion(p)))
sections <- list(
  R = R.version.string, packages = packages, tight = "glm.control(epsilon = 1e-14, maxit = 200)",
  note = "each fit starts again from its result until the coefficients, and theta, rest",
  rows = as.list(stored), cases = cases,
  glm_nb = glm_nb, cluster = clusters, drop1 = drop1s, anova = anovas, profile = profiles
)
lines <- vapply(sections, function(s) {
  if (is.list(s)) json(s, ",\n") else json(s)  # a case or a column on each line
}, "")
writeLines(paste0("{", paste0('"', names(lines), '":', lines, collapse = ",\n"), "}"), "glm_R.json")
