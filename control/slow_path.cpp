// slow_path
