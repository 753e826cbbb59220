package delivery_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/transporttest"
)

// A subscriber whose secret another node has given out is not refused by a node that lags behind,
// and let in once it has caught up.
func TestLoginWithASecretOfAnotherNode(t *testing.T) {
	s := transporttest.Start(t, t.TempDir(), time.Now, func(*transporttest.Service) []transport.Face { return nil }, nil)
	other := s.Another(t)
	org, id, secret := domain.OrganizationID(uuid.New()), domain.SubscriptionID(uuid.New()), "the secret"
	meta := func() domain.Meta {
		return domain.Meta{
			ID: domain.CommandID(uuid.New()), Organization: org,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
		}
	}
	login := func() error {
		nc, err := nats.Connect(s.Log.PublicURLs()[0], nats.UserInfo(id.String(), secret), nats.Timeout(10*time.Second))
		if err == nil {
			nc.Close()
		}
		return err
	}
	resume := s.Pause(t)
	for _, c := range []domain.Command{
		domain.CreateOrganization{Meta: meta(), Name: "Acme", Owner: domain.UserID(uuid.New()), Profile: domain.ProfileFacts{Email: "ada@acme.example"}},
		domain.CreateSubscription{Meta: meta(), Subscription: domain.SubscriptionFacts{
			ID: id, Kind: domain.SubscriptionNATS, Secret: auth.HashSecret(secret),
			SubscriptionTerms: domain.SubscriptionTerms{Name: "Pull", Batch: 1},
		}},
	} {
		if _, err := other.Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := login(); err == nil || errors.Is(err, nats.ErrAuthorization) {
		t.Fatalf("while the node lags behind: %v", err)
	}
	resume()
	if err := login(); err != nil {
		t.Fatal(err)
	}
	secret = "another"
	if err := login(); !errors.Is(err, nats.ErrAuthorization) {
		t.Fatalf("a wrong secret: %v", err)
	}
}
