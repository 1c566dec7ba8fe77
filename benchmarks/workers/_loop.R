# The conversation of _loop.py for workers in R: JSON lines in, JSON lines out.

cache_folder <- commandArgs(trailingOnly = TRUE)[3]

memory_mb <- function(field) {
  line <- grep(paste0("^", field, ":"), readLines("/proc/self/status"), value = TRUE)
  as.numeric(gsub("[^0-9]", "", line)) / 1024
}

reply <- function(...) {
  cat(sprintf(...), "\n", sep = "")
  flush(stdout())
}

# Answer the driver until it closes the pipe. `fit` takes the data; `numbers` takes what it returned
# and writes what is compared between systems, as the inside of a JSON object; `versions` likewise.
serve <- function(data, fit, numbers, versions = "") {
  r <- paste(R.version$major, R.version$minor, sep = ".")
  reply('{"ready": true, "versions": {"R": "%s"%s}}', r, versions)
  input <- file("stdin", open = "r")
  while (length(line <- readLines(input, n = 1)) > 0) {
    invisible(gc())
    if (grepl("peak", line)) {
      cat("5", file = "/proc/self/clear_refs")
      before <- memory_mb("VmRSS")
      fitted <- fit(data)
      reply('{"peak_mb": %.6g, %s}', memory_mb("VmHWM") - before, numbers(fitted))
    } else {
      seconds <- system.time(fitted <- fit(data))[["elapsed"]]
      reply('{"seconds": %.6g, %s}', seconds, numbers(fitted))
    }
  }
}
