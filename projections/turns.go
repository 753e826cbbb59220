package projections

// turns is a mutex that is handed over in the order in which it was asked for. So whoever
// takes many short turns, one after the other, never keeps the others waiting for longer than
// one of them.
type turns chan struct{}

func newTurns() turns { return make(turns, 1) }

// Lock implements [sync.Locker].
func (t turns) Lock() { t <- struct{}{} }

// Unlock implements [sync.Locker].
func (t turns) Unlock() { <-t }
