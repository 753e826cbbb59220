package node

import (
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/projections"
)

// Damages counts the damaged read models that a process has met. It outlives the nodes that
// the process opens one after the other.
type Damages struct{ count atomic.Uint64 }

func (d *Damages) metric() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "muster_read_models_damaged_total",
		Help: "Damaged read models that were found and rebuilt from the log.",
	}, func() float64 { return float64(d.count.Load()) })
}

// rebuilds notes why the read models are rebuilt. It sets a damaged file aside.
func (n *Node) rebuilds(because error) error {
	if !errors.Is(because, projections.ErrDamaged) && !errors.Is(because, projections.ErrForeignFile) {
		n.Logger.Debug("rebuilding the read models", slog.String("because", because.Error()))
		return nil
	}
	n.damages.count.Add(1)
	n.Logger.Error("the read models are damaged: they are rebuilt from the log", slog.Any("error", because))
	return n.setAside()
}

// Abandon closes a node whose read models are damaged, and sets their file aside, so that
// the next [Open] rebuilds them. The log is not touched.
func (n *Node) Abandon(damage error) error {
	n.damages.count.Add(1)
	n.Logger.Error("the read models are damaged: nothing is served until they have been rebuilt from the log", slog.Any("error", damage))
	if err := n.Close(); err != nil {
		n.Logger.Warn("the node with the damaged read models was not closed cleanly", slog.Any("error", err))
	}
	return n.setAside()
}

func (n *Node) setAside() error {
	return projections.SetAside(projections.Options{Dir: n.Data, Logger: n.Logger})
}
