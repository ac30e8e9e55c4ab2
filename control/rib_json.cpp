// rib_json
