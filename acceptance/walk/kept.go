package walk

import "reflect"

// counters are the fields of an account in which a set-up that was left may
// show: that a number was mailed, and that the activity says so.
var counters = []string{"v", "last", "chain", "prompts", "throttle"}

// Kept fails the test if anything but the counters of mailed numbers and the
// activity changed in what is stored of the account meanwhile.
func (w *Walk) Kept(meanwhile func()) {
	w.T.Helper()
	before := w.R.Document(w.Name)
	meanwhile()
	now := w.R.Document(w.Name)
	for _, field := range counters {
		delete(before, field)
		delete(now, field)
	}
	for field := range now {
		if _, was := before[field]; !was {
			w.T.Errorf("the account has a field %q that it had not", field)
		}
	}
	for field, was := range before {
		if !reflect.DeepEqual(was, now[field]) {
			w.T.Errorf("the field %q of the account changed from %v to %v", field, was, now[field])
		}
	}
}
