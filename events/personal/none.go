package personal

import "context"

// none keeps nothing. It stands for a store that was never made and may only be read, such as
// that of a log in which nothing was ever sealed.
type none struct{}

func (none) make(context.Context, int) ([]Key, error)          { return nil, ErrReadOnly }
func (none) spare(context.Context, int) ([]Key, error)         { return nil, nil }
func (none) giveBack(context.Context, []Key) error             { return nil }
func (none) find(context.Context, KeyID) (Key, error)          { return Key{}, ErrUnknownKey }
func (none) destroy(context.Context, []KeyID) error            { return ErrReadOnly }
func (none) each(context.Context, func(Key, bool) error) error { return nil }
func (none) restore(context.Context, []Key, []KeyID) error     { return ErrReadOnly }
func (none) close() error                                      { return nil }

func (none) requestSecret(context.Context) ([secretSize]byte, error) { return [secretSize]byte{}, nil }
func (none) restoreSecret(context.Context, [secretSize]byte) error   { return ErrReadOnly }
