# R's glm on the tariff model, in the conversation of _loop.py: JSON lines in, JSON lines out.
# Rscript glm.R WORK VARIANT CACHE. Factors are factors already when the clock starts.
library(splines)

folder <- commandArgs(trailingOnly = TRUE)[3]
tariff <- read.csv(file.path(folder, "tariff.csv"), stringsAsFactors = TRUE)

# bs(df = k) here has as many columns as bs(df = k + 1) there: R does not count the constant.
fit <- function(data) {
  model <- glm(
    ClaimNb ~ bs(DrivAge, df = 6) + bs(VehAge, df = 5) + bs(BonusMalus, df = 5) + VehPower +
      log(Density) + Area + VehBrand + VehGas + Region,
    family = poisson, data = data, offset = log(Exposure)
  )
  list(deviance = deviance(model), table = summary(model)$coefficients)
}

memory_mb <- function(field) {
  line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

reply <- function(...) {
  cat(sprintf(...), "\n", sep = "")
  flush(stdout())
}

numbers <- function(fitted) {
  at <- fitted$table["VehPower", ]
  sprintf(
    '"deviance": %.9g, "coef": %.9g, "se": %.9g', fitted$deviance, at["Estimate"], at["Std. Error"]
  )
}

reply('{"ready": true, "versions": {"R": "%s"}}', paste(R.version$major, R.version$minor, sep = "."))
input <- file("stdin", open = "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  invisible(gc())
  if (grepl("peak", line)) {
    cat("5", file = "/proc/self/clear_refs")
    before <- memory_mb("VmRSS")
    fitted <- fit(tariff)
    reply('{"peak_mb": %.6g, %s}', memory_mb("VmHWM") - before, numbers(fitted))
  } else {
    seconds <- system.time(fitted <- fit(tariff))[["elapsed"]]
    reply('{"seconds": %.6g, %s}', seconds, numbers(fitted))
  }
}
