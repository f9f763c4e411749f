// Stands for Grafana's own module in the build of dashboard-linter, which reads with it the second form of dashboards alone; ours have the first.
module github.com/grafana/grafana/apps/dashboard

go 1.26.0
