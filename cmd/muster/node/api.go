package node

import (
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/native"
)

// API makes the API of the node: the native face, and the faces that the options name beside
// it. Log, read models, clock, logger and metrics are the node's own. The version is the
// program's.
func (n *Node) API(o transport.Options, version string) (*transport.API, error) {
	face, err := native.Face(native.Options{
		Version: version, Ready: n.Ready, Warnings: n.Log.Warnings, Gatherer: n.Metrics, Metrics: n.Metrics, Logger: n.Logger, Deliverer: n.deliverer,
	})
	if err != nil {
		return nil, err
	}
	o.Version = version
	o.Log, o.Models, o.Now, o.Logger, o.Metrics = n.Log, n.Models, n.Clock.Now, n.Logger, n.Metrics
	o.Faces = append([]transport.Face{face}, o.Faces...)
	return transport.New(o)
}
