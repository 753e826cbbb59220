package store

import "github.com/muster-dev/muster/events/credentials"

// openDoor sets where subscribers come in to NATS.
func (s *Store) openDoor(o Options) {
	switch {
	case o.ReadOnly:
		return
	case s.server != nil && s.server.gate == nil:
		return // it does not listen
	case s.server != nil:
		s.door = s.server.gate
		s.public = func() []string { return []string{s.server.clientURL()} }
	case o.Callout == nil:
		s.door = credentials.Closed(credentials.ErrNoCallout)
		return
	default:
		s.door = credentials.NewCallout(s.Conn, o.URL, o.Callout, o.Logger)
		s.public = func() []string { return credentials.PublicURLs(o.URL) }
	}
	if len(o.PublicURLs) > 0 {
		s.public = func() []string { return o.PublicURLs }
	}
}

// Door returns where subscribers come in to NATS. It lets nobody in before
// [credentials.Door.Admit].
func (s *Store) Door() credentials.Door { return s.door }

// PublicURLs returns the URLs at which subscribers reach NATS. There are none if they cannot.
func (s *Store) PublicURLs() []string {
	return s.public()
}
