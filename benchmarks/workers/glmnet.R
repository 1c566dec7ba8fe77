# glmnet on the lasso works: Rscript glmnet.R WORK VARIANT CACHE. The matrix, dense or sparse, is
# ready when the clock starts. Cross-validation stays on one core: it would need a package more.
this_file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(this_file), "_loop.R"))

if (!requireNamespace("glmnet", quietly = TRUE)) {
  reply('{"error": "the R package glmnet is not installed"}')
  quit()
}
suppressPackageStartupMessages(library(glmnet))

# A function, so that the table and the copies on the way can be freed before memory is measured.
read_data <- function(sparse) {
  table <- read.csv(file.path(cache_folder, "lasso.csv"), stringsAsFactors = TRUE)
  columns <- ~ VehPower + VehAge + DrivAge + BonusMalus + LogDensity +
    Area + VehBrand + VehGas + Region
  X <- model.matrix(columns, table)[, -1] # glmnet has an intercept of its own
  list(
    X = if (sparse) as(X, "CsparseMatrix") else X,
    y = table$ClaimNb,
    offset = log(table$Exposure),
    fold = table$fold + 1,
    alphas = scan(file.path(cache_folder, "lasso_alphas.txt"), quiet = TRUE)
  )
}

fit_path <- function(data) {
  glmnet(
    data$X, data$y,
    family = "poisson", offset = data$offset, lambda = data$alphas, standardize = FALSE,
    thresh = if (asked[2] == "matrix, thresh=1e-12") 1e-12 else 1e-7
  )
}

path_numbers <- function(fitted) {
  last <- length(fitted$lambda)
  sprintf('"deviance": %.9g, "coef": %.9g', deviance(fitted)[last], fitted$beta["VehPower", last])
}

fit_cv <- function(data) {
  cv.glmnet(
    data$X, data$y,
    family = "poisson", offset = data$offset, lambda = data$alphas, standardize = FALSE,
    foldid = data$fold, type.measure = "deviance"
  )
}

# The mean deviance of a row held out, times the rows.
cv_numbers <- function(fitted) {
  sprintf(
    '"deviance": %.9g, "alpha": %.9g', min(fitted$cvm) * fitted$glmnet.fit$nobs, fitted$lambda.min
  )
}

asked <- commandArgs(trailingOnly = TRUE)
data <- read_data(sparse = asked[2] == "dgCMatrix")
versions <- sprintf(', "glmnet": "%s"', packageVersion("glmnet"))
if (startsWith(asked[1], "path")) {
  serve(data, fit_path, path_numbers, versions)
} else {
  serve(data, fit_cv, cv_numbers, versions)
}
