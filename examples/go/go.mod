module quickstart

go 1.19

require respaldo v0.0.0

replace respaldo => ../../bindings/go
