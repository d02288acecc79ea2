package web

import "github.com/nidan-auth/nidan"

// A stepsView says where we are in a wizard.
type stepsView struct {
	Names []*message
	At    int // 1: the first; beyond the last: all are done
}

// stepsOf lists the steps of a set-up with a method. prove: the address is
// shown to reach its holder first. adds: to an account that is protected.
func stepsOf(m nidan.MethodName, prove, adds bool, at int) stepsView {
	v := stepsView{Names: []*message{msg("steps.choose")}, At: at}
	if adds {
		v.Names[0] = msg("steps.both")
	}
	if prove || shapes[m].Mailed {
		v.Names = append(v.Names, msg("steps.mail"))
	}
	if !shapes[m].Mailed {
		v.Names = append(v.Names, msg("steps.scan"))
	}
	v.Names = append(v.Names, msg("steps.save"))
	return v
}

// stepsTo says where a wizard is by what it holds.
func stepsTo(h nidan.Held) stepsView {
	v := stepsOf(h.Method, h.Step == nidan.StepProve || h.Proved, h.Adds, 2)
	switch {
	case h.Step == nidan.StepSave:
		v.At = len(v.Names)
	case h.Step == nidan.StepConfirm && !shapes[h.Method].Mailed:
		v.At = len(v.Names) - 1
	}
	return v
}

// after puts a step in front that was taken already.
func (v stepsView) after(step *message) stepsView {
	return stepsView{Names: append([]*message{step}, v.Names...), At: v.At + 1}
}

// anySteps are those of a set-up whose method is still to be chosen.
func anySteps() stepsView {
	return stepsView{Names: []*message{msg("steps.choose"), msg("steps.set_up"), msg("steps.save")}, At: 1}
}

// Now reports whether a step, counted from 0, is the one we are at.
func (v stepsView) Now(i int) bool { return i == v.At-1 }

// Past reports whether it lies behind us.
func (v stepsView) Past(i int) bool { return i < v.At-1 }
