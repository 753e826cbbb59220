package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// TicketLife is how long a ticket can be used.
const TicketLife = store.TicketLife

// IssueTicket returns the text of a ticket, and when it ends. Until then it can be used
// once, on any node, for the organization, in place of the value of the Authorization
// header. That value must be one that [Authenticator.Authenticate] has accepted. So whatever
// ends the token ends what it has issued tickets for.
//
// All nodes find the value in the log's server, sealed with a key that is made from the
// ticket. Who reads there learns nothing from it without the ticket, and who writes there
// cannot make up a ticket for a token that they do not have.
func (a *Authenticator) IssueTicket(ctx context.Context, org domain.OrganizationID, authorization string) (ticket string, ends time.Time, err error) {
	ticket = NewSecret(TicketSecret)
	place, seal, err := ticketKeys(org, ticket)
	if err != nil {
		return "", ends, err
	}
	ends = a.now().Add(TicketLife) // counted from before it is kept, so not too late
	if err := a.tokens.log.KeepTicket(ctx, place, seal.Seal(nil, nil, []byte(authorization), nil)); err != nil {
		return "", ends, err
	}
	return ticket, ends, nil
}

// UseTicket returns the value of an Authorization header that the ticket stands for. It
// fails with [ErrInvalidTicket], or with an error around [store.ErrUnavailable] if that
// cannot be found out. It returns the value once. The caller must authenticate it, because
// the token may have ended since.
func (a *Authenticator) UseTicket(ctx context.Context, org domain.OrganizationID, ticket string) (authorization string, err error) {
	if !IsSecret(ticket, TicketSecret) {
		return "", ErrInvalidTicket // not worth a request
	}
	place, seal, err := ticketKeys(org, ticket)
	if err != nil {
		return "", err
	}
	sealed, err := a.tokens.log.TakeTicket(ctx, place)
	if errors.Is(err, store.ErrNoTicket) {
		return "", ErrInvalidTicket
	}
	if err != nil {
		return "", err
	}
	value, err := seal.Open(nil, nil, sealed, nil)
	if err != nil {
		return "", ErrInvalidTicket // somebody else has put something there
	}
	return string(value), nil
}

// ticketKeys returns where the ticket is kept, and what seals its content. Both are made from
// the ticket and the organization (HKDF, RFC 5869), and neither leads to the other.
func ticketKeys(org domain.OrganizationID, ticket string) (place string, seal cipher.AEAD, err error) {
	derive := func(purpose string) ([]byte, error) {
		return hkdf.Key(sha256.New, []byte(ticket), nil, "muster ticket "+purpose+" "+org.String(), sha256.Size)
	}
	at, err := derive("place")
	if err != nil {
		return "", nil, fmt.Errorf("deriving the place of a ticket: %w", err)
	}
	key, err := derive("seal")
	if err != nil {
		return "", nil, fmt.Errorf("deriving the key of a ticket: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", nil, fmt.Errorf("sealing a ticket: %w", err)
	}
	seal, err = cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return "", nil, fmt.Errorf("sealing a ticket: %w", err)
	}
	return hex.EncodeToString(at), seal, nil
}
