package faultproxy

import (
	"encoding/json"
	"net/http"
)

// Control steers the proxy from another process: GET /counts answers a JSON object from operation to number, POST
// /reset makes them zero, PUT /faults takes {"seed":1,"rules":[Rule…]} in place of what was planned.
func (p *Proxy) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p.Counts())
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) {
		p.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /faults", p.planFaults)
	return mux
}

func (p *Proxy) planFaults(w http.ResponseWriter, r *http.Request) {
	var plan struct {
		Seed  uint64 `json:"seed"`
		Rules []Rule `json:"rules"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&plan); err != nil {
		http.Error(w, "reading the rules: "+err.Error(), http.StatusBadRequest)
		return
	}
	for _, rule := range plan.Rules {
		if err := rule.validate(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	p.Plan(plan.Seed, plan.Rules...)
	w.WriteHeader(http.StatusNoContent)
}
