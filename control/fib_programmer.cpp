// fib_programmer
