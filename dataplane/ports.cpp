// ports
