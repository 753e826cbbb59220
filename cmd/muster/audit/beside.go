package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const besideCheck = "other streams"

// beside checks the files of the streams beside log and feed, such as the cursors of
// subscriptions. It also names each index that JetStream will not believe. That is no damage to
// what was written: JetStream makes an index again from the messages, which are checked. After
// the service was killed its indexes are older than the messages.
func (v *verifier) beside(ctx context.Context) error {
	var whole []string
	var records uint64
	damaged, looked := false, false
	err := v.log.StreamFiles(ctx, func(f store.StreamFiles) {
		looked = true
		if f.Disbelieved != "" {
			v.skip("index", "%s is damaged, or older than the messages as after kill -9; JetStream makes it again from them", f.Disbelieved)
		}
		switch {
		case !f.Beside:
		case f.Damage != nil:
			damaged = true
			v.fail(besideCheck, "%s", strings.TrimPrefix(f.Damage.Error(), wire.ErrDamaged.Error()+": "))
		default:
			whole, records = append(whole, f.Stream), records+f.Records
		}
	})
	switch {
	case err != nil:
		return err
	case !looked:
		v.skip(besideCheck, "left out: their files are the NATS servers' own")
	case !damaged && whole == nil:
		v.skip(besideCheck, "there are none yet")
	case !damaged:
		v.ok(besideCheck, "%s, all whole, in %s", recordsOf(records), strings.Join(whole, ", "))
	}
	return nil
}

// recordsOf returns a number of records as words.
func recordsOf(n uint64) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
