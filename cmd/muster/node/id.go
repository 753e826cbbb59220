package node

import "github.com/muster-dev/muster/transport/ids"

// NewID returns a new id, as [ids.New] makes it.
func NewID[T ~[16]byte]() T { return T(ids.New()) }
