// Says which traffic NetworkPolicies allow, by the meaning that cyclonus gives them, without a cluster.
// Standard input: a JSON list of worlds, as `world` below. Standard output: for each a JSON list with one true or false for each piece of traffic.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type peer struct {
	IP string `json:"ip"`
	// Absent for what is outside of the cluster, and for nodes.
	Pod *struct {
		Namespace       string            `json:"namespace"`
		NamespaceLabels map[string]string `json:"namespaceLabels"`
		Labels          map[string]string `json:"labels"`
	} `json:"pod"`
}

type traffic struct {
	From     peer            `json:"from"`
	To       peer            `json:"to"`
	Port     int             `json:"port"`
	Protocol corev1.Protocol `json:"protocol"`
}

// Policies know nothing of other worlds.
type world struct {
	Policies []*networkingv1.NetworkPolicy `json:"policies"`
	Traffic  []traffic                     `json:"traffic"`
}

func (p peer) matched() *matcher.TrafficPeer {
	if p.Pod == nil {
		return &matcher.TrafficPeer{IP: p.IP}
	}
	return &matcher.TrafficPeer{IP: p.IP, Internal: &matcher.InternalPeer{Namespace: p.Pod.Namespace, NamespaceLabels: p.Pod.NamespaceLabels, PodLabels: p.Pod.Labels}}
}

func run() error {
	var in []world
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	out := make([][]bool, len(in))
	for i, w := range in {
		policy := matcher.BuildNetworkPolicies(false, w.Policies)
		out[i] = make([]bool, len(w.Traffic))
		for j, t := range w.Traffic {
			out[i][j] = policy.IsTrafficAllowed(&matcher.Traffic{Source: t.From.matched(), Destination: t.To.matched(), ResolvedPort: t.Port, Protocol: t.Protocol}).IsAllowed()
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
