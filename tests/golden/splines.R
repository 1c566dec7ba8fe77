# Golden values of tests/terms/test_splines.py. Run in this folder: Rscript splines.R
library(splines)

age <- c(18, 19, 22, 22, 25, 31, 31, 31, 38, 44, 47, 52, 60, 71, 90)
bonus <- c(rep(50, 12), 51, 53, 58, 64, 68, 76, 90, 100)  # 60 % at the minimum
top <- -bonus                                             # 60 % at the maximum
middle <- c(1:5, rep(10, 20), 12:17)                      # most of it tied inside

inside <- c(18, 18.5, 22, 27.3, 31, 52, 66.6, 89.9, 90)
around <- c(-5, 17.5, inside, 91, 130)
tied <- c(50, 50.2, 51, 57, 64, 88.5, 100)
mid <- c(1, 4.5, 9.99, 10, 10.01, 13, 17)

# R's bs goes on with its polynomials outside (and warns), its ns linearly; the other ways:
at_boundary <- function(basis, at) {
  edges <- attr(basis, "Boundary.knots")
  predict(basis, pmin(pmax(at, edges[1]), edges[2]))
}
with_slope <- function(basis, at) {  # of bs at its boundaries
  a <- attributes(basis)
  edges <- a$Boundary.knots
  knots <- sort(c(rep(edges, a$degree + 1), a$knots))
  slope <- splineDesign(knots, edges, a$degree + 1, derivs = c(1, 1))
  if (!a$intercept) slope <- slope[, -1, drop = FALSE]
  distance <- at - pmin(pmax(at, edges[1]), edges[2])
  at_boundary(basis, at) + distance * slope[1 + (distance > 0), , drop = FALSE]
}

cases <- list()
golden <- function(call, options, at, how = predict) {  # options: the call in our words, as JSON
  basis <- eval(parse(text = call))
  numbers <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ", "), "]")
  rows <- apply(unclass(suppressWarnings(how(basis, at))), 1, numbers)
  x <- get(sub("^.s\\((\\w+),.*", "\\1", call))
  cases[[length(cases) + 1]] <<- sprintf(
    '{"call": "%s", "kind": "%s", "options": %s,\n "x": %s,\n "at": %s,\n "values": [\n  %s]}',
    call, substr(call, 1, 2), options, numbers(x), numbers(at), paste(rows, collapse = ",\n  "))
}

golden("bs(age, df = 3)", '{"df": 4}', inside)
golden("bs(age, df = 4)", '{"df": 5}', inside)
golden("bs(age, df = 7)", '{"df": 8}', inside)
golden("bs(age, df = 7, intercept = TRUE)", '{"df": 7, "include_intercept": true}', inside)
golden("bs(age, df = 2, degree = 2)", '{"df": 3}', inside)
golden("bs(age, df = 1, degree = 1)", '{"df": 2}', inside)
golden("bs(age, df = 4, degree = 1)", '{"df": 5, "degree": 1}', inside)
golden("bs(age, df = 5, degree = 2)", '{"df": 6, "degree": 2}', inside)
golden("bs(age, knots = c(25, 40, 60))", '{"knots": [25, 40, 60]}', inside)
golden("bs(age, knots = c(25, 40), Boundary.knots = c(15, 95), intercept = TRUE)",
       '{"knots": [25, 40], "boundary_knots": [15, 95], "include_intercept": true}', inside)
golden("bs(age, df = 6, Boundary.knots = c(20, 80))", '{"df": 7, "boundary_knots": [20, 80]}',
       c(20, 22, 45, 66.6, 80))
golden("bs(bonus, df = 4)", '{"df": 5}', tied)
golden("bs(bonus, df = 6)", '{"df": 7}', tied)
golden("bs(bonus, df = 6, intercept = TRUE)", '{"df": 6, "include_intercept": true}', tied)
golden("bs(top, df = 6)", '{"df": 7}', -tied)
golden("bs(middle, df = 9)", '{"df": 10}', mid)
golden("bs(middle, df = 12)", '{"df": 13}', mid)

golden("ns(age, df = 1)", '{"df": 2}', around)
golden("ns(age, df = 2)", '{"df": 3}', around)
golden("ns(age, df = 4)", '{"df": 5}', around)
golden("ns(age, df = 7)", '{"df": 8}', around)
golden("ns(age, df = 2, intercept = TRUE)", '{"df": 2, "include_intercept": true}', around)
golden("ns(age, df = 5, intercept = TRUE)", '{"df": 5, "include_intercept": true}', around)
golden("ns(age, knots = c(25, 40, 60))", '{"knots": [25, 40, 60]}', around)
golden("ns(age, df = 5, Boundary.knots = c(20, 80))", '{"df": 6, "boundary_knots": [20, 80]}', around)
golden("ns(bonus, df = 3)", '{"df": 4}', c(40, tied, 120))
golden("ns(bonus, df = 6)", '{"df": 7}', c(40, tied, 120))
golden("ns(bonus, df = 6, intercept = TRUE)", '{"df": 6, "include_intercept": true}', tied)
golden("ns(middle, df = 9)", '{"df": 10}', c(0, mid, 20))

goes_on <- '"extrapolation": "continue"}'
golden("bs(age, df = 4)", paste0('{"df": 5, ', goes_on), around)
golden("bs(age, df = 7)", paste0('{"df": 8, ', goes_on), around)
golden("bs(age, df = 1, degree = 1)", paste0('{"df": 2, ', goes_on), around)
golden("bs(age, df = 5, degree = 2)", paste0('{"df": 6, "degree": 2, ', goes_on), around)
golden("bs(age, df = 7, intercept = TRUE)",
       paste0('{"df": 7, "include_intercept": true, ', goes_on), around)
golden("bs(age, knots = c(25, 40), Boundary.knots = c(20, 80), intercept = TRUE)",
       paste0('{"knots": [25, 40], "boundary_knots": [20, 80], "include_intercept": true, ', goes_on),
       around)
golden("bs(bonus, df = 6)", paste0('{"df": 7, ', goes_on), c(40, 49.9, tied, 103))

linear <- '"extrapolation": "linear"}'
golden("bs(age, df = 4)", paste0('{"df": 5, ', linear), around, with_slope)
golden("bs(age, df = 8)", paste0('{"df": 9, ', linear), around, with_slope)
golden("bs(age, df = 5, degree = 2, intercept = TRUE)",
       paste0('{"df": 5, "degree": 2, "include_intercept": true, ', linear), around, with_slope)
golden("bs(age, knots = 40, Boundary.knots = c(20, 80))",
       paste0('{"knots": 40, "boundary_knots": [20, 80], ', linear), around, with_slope)

constant <- '"extrapolation": "constant"}'
golden("bs(age, df = 4)", paste0('{"df": 5, ', constant), around, at_boundary)
golden("ns(age, df = 4)", paste0('{"df": 5, ', constant), around, at_boundary)
golden("ns(age, df = 5, Boundary.knots = c(20, 80), intercept = TRUE)",
       paste0('{"df": 5, "boundary_knots": [20, 80], "include_intercept": true, ', constant),
       around, at_boundary)

writeLines(sprintf('{"R": "%s", "cases": [\n%s\n]}', R.version.string, paste(cases, collapse = ",\n")),
           "splines_R.json")
