package follow

import (
	"errors"
	"time"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/wire"
)

// place is where to begin or to end: earliest or latest, a time, or else a position.
type place struct {
	word     string
	time     time.Time
	position wire.Position
}

const (
	earliest = "earliest"
	latest   = "latest"
)

// placeKind is what help shows for a flag with a place.
const placeKind = "place"

// isZero reports whether the place is the zero value, which stands for none. The position
// before the first event of partition 0 is given as earliest.
func (p place) isZero() bool { return p == place{} }

func (p place) isPosition() bool { return p.word == "" && p.time.IsZero() && !p.isZero() }

// String returns the place as the API takes it.
func (p place) String() string {
	switch {
	case p.word != "":
		return p.word
	case !p.time.IsZero():
		return p.time.Format(time.RFC3339Nano)
	}
	return p.position.String()
}

// parseAfter parses a place to begin after.
func parseAfter(text string) (place, error) {
	if text == earliest || text == latest {
		return place{word: text}, nil
	}
	if at, err := wire.ParsePosition(text); err == nil {
		return after(at), nil
	}
	at, err := terminal.ParseTime(text)
	if err != nil && !errors.Is(err, terminal.ErrZeroTime) {
		err = errors.New("earliest, latest, a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	}
	return place{time: at}, err
}

// after returns the place after the position.
func after(at wire.Position) place {
	if at == (wire.Position{}) {
		return place{word: earliest}
	}
	return place{position: at}
}

// parseFrom parses the place of the first event.
func parseFrom(text string) (place, error) {
	at, err := wire.ParsePosition(text)
	if err != nil {
		return parseAfter(text)
	}
	if at.Number == 0 {
		return place{}, errors.New("the first position of a partition has the number 1")
	}
	at.Number--
	return after(at), nil
}

// parseUntil parses the place of the last event.
func parseUntil(text string) (place, error) {
	p, err := parseAfter(text)
	switch {
	case err != nil && !errors.Is(err, terminal.ErrZeroTime):
		return p, errors.New("latest, a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	case p.word == earliest || p.isPosition() && p.position.Number == 0:
		return place{}, errors.New("there is no event before the first one")
	}
	return p, err
}
