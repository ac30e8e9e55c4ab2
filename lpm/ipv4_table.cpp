// ipv4_table
