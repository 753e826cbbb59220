package terminal

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Number is a flag for a whole number within bounds.
type Number struct {
	n           *int
	least, most int
	expected    string
}

// NewCount returns a flag for a number from 1 to most.
func NewCount(n *int, most int) Number {
	return Number{n, 1, most, fmt.Sprintf("a number from 1 to %d is expected", most)}
}

// NewNatural returns a flag for a number from 0 on.
func NewNatural(n *int) Number {
	return Number{n, 0, math.MaxInt, "a number from 0 on is expected"}
}

// String returns the number in decimal. It is empty for a number that is not allowed, which
// stands for a default that help describes.
func (n Number) String() string {
	if *n.n < n.least {
		return ""
	}
	return strconv.Itoa(*n.n)
}

// Type returns the kind that help shows.
func (n Number) Type() string { return "number" }

// Set parses the number and sets it.
func (n Number) Set(text string) error {
	value, err := strconv.Atoi(text)
	if err != nil || value < n.least || value > n.most {
		return errors.New(n.expected)
	}
	*n.n = value
	return nil
}
