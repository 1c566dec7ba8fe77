# Golden values of tests/test_golden_cv_glmnet.py. Run in this folder: Rscript cv_glmnet.R
suppressPackageStartupMessages(library(glmnet))
options(warn = 2)
invisible(glmnet.control(fdev = 0, devmax = 1, epsnr = 1e-15, mxitnr = 1000))

set.seed(52)
n <- 200
x <- signif(matrix(rnorm(n * 6), n, dimnames = list(NULL, letters[1:6])), 5)
x[, 2] <- signif(x[, 1] + 0.5 * x[, 2], 5)
o <- signif(log(runif(n, 0.2, 1)), 5)
w <- round(runif(n, 0.5, 2), 2)
foldid <- sample(rep(1:5, length.out = n))
eta <- drop(x %*% c(0.5, -0.3, 0.2, 0, 0, 0)) + 0.4
y <- list(level = signif(eta + rnorm(n), 5), count = rpois(n, exp(o + eta)),
          won = rbinom(n, 1, plogis(eta)))

# With standardize = FALSE lambda is our alpha, but for the L2 part of "gaussian", which is not used
# here. Grouped: the score of a fold is its mean deviance, and counts as its weights do.
lambda <- signif(exp(seq(log(0.5), log(5e-4), length.out = 12)), 4)
run <- function(call, ours) {  # ours: the same call in our words, as JSON
  call <- sub(")$", ", lambda = lambda, foldid = foldid, standardize = FALSE, thresh = 1e-15, maxit = 1e7)", call)
  fit <- eval(parse(text = call))
  c(call = sprintf('"%s"', gsub('"', "'", call)), ours = ours, mean = json(fit$cvm),
    error = json(fit$cvsd), n_nonzero = json(fit$nzero), alpha_min = json(fit$lambda.min),
    alpha_1se = json(fit$lambda.1se))
}
json <- function(v) {
  text <- paste(sprintf("%.15g", v), collapse = ", ")
  if (length(v) == 1) text else paste0("[", text, "]")
}
object <- function(items) paste0("{", paste(sprintf('"%s": %s', names(items), items), collapse = ",\n  "), "}")

cases <- list(
  run("cv.glmnet(x, y$level, weights = w)", '{"family": "gaussian", "y": "level", "weights": "w"}'),
  run("cv.glmnet(x, y$count, family = 'poisson', offset = o, weights = w)",
      '{"family": "poisson", "y": "count", "offset": "o", "weights": "w"}'),
  run("cv.glmnet(x, y$count, family = 'poisson', offset = o, alpha = 0.5)",
      '{"family": "poisson", "y": "count", "offset": "o", "l1_ratio": 0.5}'),
  run("cv.glmnet(x, y$count, family = 'poisson', offset = o, alpha = 0)",
      '{"family": "poisson", "y": "count", "offset": "o", "l1_ratio": 0.0}'),
  run("cv.glmnet(x, y$won, family = 'binomial')", '{"family": "binomial", "y": "won"}'),
  run("cv.glmnet(x, y$count, family = 'poisson', offset = o, weights = w, type.measure = 'mse')",
      '{"family": "poisson", "y": "count", "offset": "o", "weights": "w", "scoring": "mse"}'),
  run("cv.glmnet(x, y$count, family = 'poisson', offset = o, weights = w, type.measure = 'mae')",
      '{"family": "poisson", "y": "count", "offset": "o", "weights": "w", "scoring": "mae"}')
)
writeLines(paste0(
  '{"R": "', R.version.string, '", "glmnet": "', format(packageVersion("glmnet")), '",\n"x": ',
  object(sapply(as.data.frame(x), json)), ',\n"y": ', object(sapply(y, json)), ',\n"o": ', json(o),
  ',\n"w": ', json(w), ',\n"foldid": ', json(foldid), ',\n"lambda": ', json(lambda),
  ',\n"cases": [\n', paste(sapply(cases, object), collapse = ",\n"), "]}"
), "cv_glmnet_R.json")
