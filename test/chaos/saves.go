package main

import (
	"net/http"
	"time"
)

// latest is after how long a request that was not answered changes nothing any more: a function ends after ten seconds,
// and a call of it may arrive four seconds late.
const latest = 15 * time.Second

// saved is a price and whether the product is for sale, as an admin saved them.
type saved struct {
	price      int64
	active     bool
	begin, end time.Time // when it was sent, and from when on it holds if it was made at all
	answered   bool      // with success
}

// saves are all that may have been saved of a good, the first stock included. What was refused is not among them.
func (r *round) saves(good int) []saved {
	all := []saved{{price: r.plan.Goods[good].Price, active: true, answered: true}}
	for _, c := range r.changes {
		if c.good != good || !isSave(c.kind) || c.reply.definite() && c.reply.status != http.StatusOK {
			continue
		}
		s := saved{
			price: c.price, active: c.active, begin: c.begin, end: c.end, answered: c.reply.status == http.StatusOK,
		}
		if !s.answered {
			s.end = c.begin.Add(latest)
		}
		all = append(all, s)
	}
	return all
}

func isSave(kind string) bool { return kind == reprice || kind == hide || kind == show }

// inForce returns those of the saves that may have held at some time from begin to end. One that was answered holds
// until a later one: until another one, that was sent after its end, is answered.
func inForce(saves []saved, begin, end time.Time) []saved {
	var holding []saved
	for _, s := range saves {
		replaced := false
		for _, later := range saves {
			replaced = replaced || later.answered && later.begin.After(s.end) && later.end.Before(begin)
		}
		if !replaced && !s.begin.After(end) {
			holding = append(holding, s)
		}
	}
	return holding
}

// checkSaves: what is stored of each product in the end is what was saved last, and each save was made once.
func (h *history) checkSaves(v *verdict) {
	for good := range h.round.plan.Goods {
		id := h.round.productID(good)
		is, read := h.goods[id]
		if !read {
			continue
		}
		all := h.round.saves(good)
		kept, answered := false, int64(0)
		for _, s := range inForce(all, h.round.end, h.round.end) {
			kept = kept || s.price == is.price && s.active == is.active
		}
		for _, s := range all {
			if s.answered {
				answered++
			}
		}
		v.want(kept, invSaved, "%s costs %d and is for sale: %v, which is not what was saved last", id, is.price,
			is.active)
		v.want(answered <= is.version && is.version <= int64(len(all)), invSavedOnce,
			"%s has version %d after %d saves that were answered of %d", id, is.version, answered, len(all))
	}
}

// checkSold: an order has the price that its product had, and its product was for sale, between its first attempt and
// its answer.
func (h *history) checkSold(v *verdict) {
	for id, o := range h.stored {
		begin, end, asked := h.window(id)
		if !asked {
			continue // that it was asked for by nobody is another invariant's
		}
		for good := range h.round.plan.Goods {
			for _, l := range o.lines {
				if l.ProductID == h.round.productID(good) {
					h.checkLine(v, id, l, inForce(h.round.saves(good), begin, end))
				}
			}
		}
	}
}

func (h *history) checkLine(v *verdict, id string, l line, holding []saved) {
	priced, active := false, false
	for _, s := range holding {
		priced = priced || s.price == l.UnitPrice.Amount
		active = active || s.active && s.price == l.UnitPrice.Amount
	}
	v.want(priced, invSaved, "%s: %s was sold at %d, which a save that was answered had replaced", id, l.ProductID,
		l.UnitPrice.Amount)
	v.want(active || !priced, invActive, "%s: %s was not for sale at %d", id, l.ProductID, l.UnitPrice.Amount)
}

// window is when an order can have been placed: from its first attempt to its first answer, or, where none came, to the
// end of what an attempt may do.
func (h *history) window(id string) (begin, end time.Time, asked bool) {
	for _, a := range h.round.attempts {
		if h.orderID(a) != id {
			continue
		}
		if !asked || a.begin.Before(begin) {
			begin = a.begin
		}
		asked = true
	}
	end = h.round.end
	for _, a := range h.round.attempts {
		if h.orderID(a) == id && a.reply.status == http.StatusCreated && a.end.Before(end) {
			end = a.end
		}
	}
	return begin, end, asked
}

// mayBeHidden reports whether one of the attempt's products may have been not for sale while it was under way.
func (h *history) mayBeHidden(a attempt) bool {
	for good := range h.round.plan.Goods {
		if a.basket.units()[h.round.productID(good)] == 0 {
			continue
		}
		for _, s := range inForce(h.round.saves(good), a.begin, a.end) {
			if !s.active {
				return true
			}
		}
	}
	return false
}
