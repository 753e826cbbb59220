package credentials

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// The probe is a login by which a node finds out whether the servers are configured for
// subscribers. It may ask for the limits of the account and for a consumer that does not exist, and
// do nothing else.
const (
	probeUser    = "muster-probe"
	probeTimeout = 5 * time.Second

	accountSubject  = "$JS.API.INFO"
	consumerSubject = "$JS.API.CONSUMER.INFO.MUSTER_FEED_00.muster-probe"
)

// probePassword is the same on all nodes, because another node may get the login. Only those
// who have the seed know it.
func (c *Callout) probePassword() string {
	seed, err := c.keys.signer.Seed()
	if err != nil {
		return "" // fits no login
	}
	mac := hmac.New(sha256.New, seed)
	mac.Write([]byte("muster probe"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (c *Callout) isProbe(l login) bool {
	right := c.probePassword()
	return l.user == probeUser && right != "" && hmac.Equal([]byte(l.password), []byte(right))
}

func probePermissions() Permissions {
	return Permissions{Publish: []string{accountSubject, consumerSubject}, Subscribe: []string{Inbox(probeUser) + ".>"}}
}

// CanIssue connects to the servers as a subscriber would, and asks JetStream something. It
// takes up to some seconds. Once that has succeeded it returns nil at once. It must not be
// called before [Callout.Admit].
func (c *Callout) CanIssue() error {
	if c.checked.Load() {
		return nil
	}
	if err := c.probe(); err != nil {
		return fmt.Errorf("the NATS servers are not configured for subscribers: compare them with deploy/nats/subscribers.conf: %w", err)
	}
	c.checked.Store(true)
	return nil
}

func (c *Callout) probe() error {
	nc, err := nats.Connect(strings.Join(c.urls, ","), nats.UserInfo(probeUser, c.probePassword()), nats.Name("muster probe"),
		nats.CustomInboxPrefix(Inbox(probeUser)), nats.Timeout(probeTimeout), nats.NoReconnect())
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return fmt.Errorf("a login of Muster's own was refused: auth_callout must have the issuer %s, and the account of Muster's user: %w", c.keys.Issuer(), err)
	case err != nil:
		return fmt.Errorf("connecting: %w", err)
	}
	defer nc.Close()
	const none, noConsumer, noStream = 0, 10014, 10059
	// An account that does not import the first subject has a JetStream of its own, which is not
	// enabled. Then that one, too, replies to the second, and either reply can be the first.
	err = ask(nc, accountSubject, none)
	if err == nil {
		err = ask(nc, consumerSubject, noConsumer, noStream)
	}
	if err != nil {
		return fmt.Errorf("JetStream cannot be reached from the account %s: %w", Account, err)
	}
	return nil
}

// ask asks JetStream, and returns an error unless the reply has one of the codes.
func ask(nc *nats.Conn, subject string, expected ...int) error {
	reply, err := nc.Request(subject, nil, probeTimeout)
	if err != nil {
		return err
	}
	var info struct {
		Error struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &info); err != nil {
		return err
	}
	if !slices.Contains(expected, info.Error.Code) {
		return errors.New(info.Error.Description)
	}
	return nil
}

// PublicURLs returns the URLs, which are separated by commas, without users and passwords.
func PublicURLs(urls string) []string {
	var public []string
	for text := range strings.SplitSeq(urls, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		if err != nil {
			continue // Muster itself could not connect to it
		}
		u.User = nil
		public = append(public, u.String())
	}
	return public
}
