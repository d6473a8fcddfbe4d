module respaldo

go 1.19
