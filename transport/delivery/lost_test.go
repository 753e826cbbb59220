package delivery

import (
	"testing"

	"github.com/muster-dev/muster/domain"
)

func TestLost(t *testing.T) {
	l := newLost()
	known := map[domain.SubscriptionID]domain.Subscription{{1}: {Generation: 1}, {2}: {Generation: 2}}
	for _, test := range []struct {
		added []*domain.SubscriptionID
		want  int
	}{
		{[]*domain.SubscriptionID{{2}, {2}, {3}}, 1},
		{nil, 0},
		{[]*domain.SubscriptionID{{2}, nil}, 2},
		{[]*domain.SubscriptionID{{3}}, 0},
	} {
		for _, id := range test.added {
			l.add(id)
		}
		if got := len(l.some); got != min(len(test.added), 1) {
			t.Errorf("%d signals for %v", got, test.added)
		}
		if len(l.some) > 0 {
			<-l.some
		}
		got := l.take(known)
		if len(got) != test.want || test.want == 1 && got[0].Generation != 2 {
			t.Errorf("%v: %v", test.added, got)
		}
	}
}
