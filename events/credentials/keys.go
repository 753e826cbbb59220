package credentials

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/nats-io/nkeys"
)

// Keys are what a [Callout] signs with, and optionally what it decrypts with. All nodes have
// the same.
type Keys struct {
	signer nkeys.KeyPair // an account's
	curve  nkeys.KeyPair // nil if the servers do not encrypt
}

// ParseKeys reads keys from a text with a seed on each line: that of an account (SA…), and
// that of a curve (SX…) if the servers are configured with an xkey. Lines that begin with # are
// comments. No error contains a seed.
func ParseKeys(text []byte) (*Keys, error) {
	k := &Keys{}
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		kind, _, err := nkeys.DecodeSeed(line)
		if err != nil {
			return nil, errors.New("a line is not a seed: seeds as nk -gen account makes are expected, each on its own line")
		}
		pair, err := fromSeed(kind, line)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == nkeys.PrefixByteAccount && k.signer == nil:
			k.signer = pair
		case kind == nkeys.PrefixByteCurve && k.curve == nil:
			k.curve = pair
		case kind == nkeys.PrefixByteAccount, kind == nkeys.PrefixByteCurve:
			return nil, errors.New("there are two seeds of the same kind: one is expected")
		default:
			return nil, fmt.Errorf("there is a seed of kind %s: that of an account (SA…) and possibly of a curve (SX…) are expected", kind)
		}
	}
	if k.signer == nil {
		return nil, errors.New("there is no seed of an account (SA…): make one with nk -gen account")
	}
	return k, nil
}

// fromSeed makes a key pair. The one of a curve is of another type.
func fromSeed(kind nkeys.PrefixByte, seed []byte) (nkeys.KeyPair, error) {
	if kind == nkeys.PrefixByteCurve {
		return nkeys.FromCurveSeed(seed)
	}
	return nkeys.FromSeed(seed)
}

// Issuer returns the public key of the account, which the servers need as the issuer.
func (k *Keys) Issuer() string {
	public, _ := k.signer.PublicKey() // a pair from a seed has one
	return public
}

// open returns a request of a server in clear. The server's key is empty if the request is not
// encrypted.
func (k *Keys) open(request []byte, server string) ([]byte, error) {
	switch {
	case server == "":
		return request, nil
	case k.curve == nil:
		return nil, errors.New("the NATS servers encrypt logins (xkey), and the file of --nats-callout-seed has no curve seed (SX…)")
	}
	return k.curve.Open(request, server)
}

// seal returns a response as the server with the key expects it.
func (k *Keys) seal(response []byte, server string) ([]byte, error) {
	if server == "" {
		return response, nil
	}
	return k.curve.Seal(response, server)
}
