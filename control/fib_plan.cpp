// fib_plan
