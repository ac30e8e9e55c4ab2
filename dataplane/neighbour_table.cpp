// neighbour_table
