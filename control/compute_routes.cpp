// compute_routes
