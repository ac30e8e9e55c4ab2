// dataplane
