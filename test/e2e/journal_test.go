package e2e

import (
	"fmt"
	"sync"
)

// journal remembers what the whole run saw.
var journal = &record{
	seenCodes: map[string]bool{}, requestIDs: map[string]bool{}, orders: map[string]string{}, links: map[string]int{},
}

// record is safe for concurrent use.
type record struct {
	mu         sync.Mutex
	seenCodes  map[string]bool
	requestIDs map[string]bool
	orders     map[string]string // order id → its customer's address
	links      map[string]int    // address → how many mails with a link it is to have
}

func (r *record) code(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seenCodes[code] = true
}

func (r *record) codes() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seenCodes
}

// requestID notes the id of an answer; no two answers may share one.
func (r *record) requestID(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.requestIDs[id] {
		return fmt.Errorf("X-Request-Id %s was on an earlier answer too", id)
	}
	r.requestIDs[id] = true
	return nil
}

// placed notes an order that a checkout answered for the first time.
func (r *record) placed(o order) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.orders[o.OrderID] = o.Email
}

// forget strikes out an order that a test gave a second mail.
func (r *record) forget(o order) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.orders, o.OrderID)
}

// linked notes that an address is to get so many mails with a link.
func (r *record) linked(address string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.links[address] += n
}

func (r *record) mailedLinks() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links
}

func (r *record) placedOrders() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.orders
}
