// rib
