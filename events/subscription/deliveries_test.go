package subscription

import (
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// Attempts are kept when a node starts again. Those of a version that kept the responses of
// receivers of profiles are not.
func TestResponsesWithProfilesAreDeleted(t *testing.T) {
	id := domain.SubscriptionID(uuid.New())
	dir := t.TempDir()
	held := func(n *node) int {
		attempts, err := n.Deliveries(t.Context(), id, 0, MostAttempts)
		must(t, err)
		return len(attempts)
	}
	n := start(t, store.Options{Dir: dir}, quick())
	must(t, n.Record(t.Context(), id, NewAttempt(testTime, Outcome{Kind: Delivered, Answer: "ada@example.com exists"})))
	must(t, n.end())
	n = start(t, store.Options{Dir: dir}, quick())
	if held(n) != 1 {
		t.Fatal("the attempt is gone")
	}
	must(t, n.js.DeleteStream(t.Context(), deliveriesConfig.Name))
	former := deliveriesConfig
	former.Metadata = nil
	_, err := n.store.Beside(t.Context(), former)
	must(t, err)
	must(t, n.Record(t.Context(), id, NewAttempt(testTime, Outcome{Kind: Delivered, Answer: "ada@example.com exists"})))
	must(t, n.end())
	n = start(t, store.Options{Dir: dir}, quick())
	if held(n) != 0 {
		t.Error("the response is still there")
	}
	must(t, n.Record(t.Context(), id, NewAttempt(testTime, Outcome{Kind: Delivered})))
	if held(n) != 1 {
		t.Error("no attempt is kept any more")
	}
}
