package feed

import "time"

// state is what the publisher of a feed knows of it.
type state int

const (
	unknown state = iota // it has not been looked at since the start
	current              // it holds everything that has been applied
	waiting              // it lacks what another process has appended and should publish
	missing              // somebody deletes it, or it lacks what it should hold
	failed               // looking at it or publishing to it has failed
	states
)

// input is what a publisher learns.
type input int

const (
	nothing    input = iota
	theirs           // the feed lacks events that another process should publish
	complete         // the feed holds everything that has been applied
	lost             // the feed was deleted, or lacks what it should hold
	conflicted       // another process is publishing
	erred            // a call to JetStream has failed
	inputs
)

// transitions gives the state that follows a state and an input. A failed or missing feed
// stays in that state until it has been looked at.
var transitions = [states][inputs]state{
	unknown: {nothing: unknown, theirs: waiting, complete: current, lost: missing, conflicted: waiting, erred: failed},
	current: {nothing: current, theirs: waiting, complete: current, lost: missing, conflicted: waiting, erred: failed},
	waiting: {nothing: waiting, theirs: waiting, complete: current, lost: missing, conflicted: waiting, erred: failed},
	missing: {nothing: missing, theirs: waiting, complete: current, lost: missing, conflicted: waiting, erred: failed},
	failed:  {nothing: failed, theirs: failed, complete: current, lost: missing, conflicted: waiting, erred: failed},
}

// next returns the state that follows.
func (s state) next(i input) state { return transitions[s][i] }

// publishes reports whether events of this process are published in the state.
//
// JetStream announces that it deletes a stream before it has done so. A stream that is
// made in its place before then is lost with it. So nothing is published while the feed
// is missing.
func (s state) publishes() bool { return s != unknown && s != missing }

// listens reports whether announcements are believed in the state.
func (s state) listens() bool { return s == current || s == waiting }

// pause returns how long the state lasts before the feed is looked at. It returns false
// if the state lasts until there is an input.
func (s state) pause() (time.Duration, bool) {
	switch s {
	case waiting, missing:
		return standstill, true
	case failed:
		return 4 * standstill, true
	default: // the start looks at an unknown feed at once
		return 0, s == unknown
	}
}
