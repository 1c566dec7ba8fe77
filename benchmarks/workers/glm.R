# R's glm on the tariff model: Rscript glm.R WORK VARIANT CACHE. Factors are factors already when
# the clock starts.
library(splines)

this_file <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
source(file.path(dirname(this_file), "_loop.R"))

tariff <- read.csv(file.path(cache_folder, "tariff.csv"), stringsAsFactors = TRUE)

# bs(df = k) here has as many columns as bs(df = k + 1) there: R does not count the constant.
fit <- function(data) {
  model <- glm(
    ClaimNb ~ bs(DrivAge, df = 6) + bs(VehAge, df = 5) + bs(BonusMalus, df = 5) + VehPower +
      log(Density) + Area + VehBrand + VehGas + Region,
    family = poisson, data = data, offset = log(Exposure)
  )
  list(deviance = deviance(model), table = summary(model)$coefficients)
}

numbers <- function(fitted) {
  at <- fitted$table["VehPower", ]
  sprintf(
    '"deviance": %.9g, "coef": %.9g, "se": %.9g', fitted$deviance, at["Estimate"], at["Std. Error"]
  )
}

serve(tariff, fit, numbers)
