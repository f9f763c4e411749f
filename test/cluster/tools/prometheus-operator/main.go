// Makes an Alertmanager's configuration out of AlertmanagerConfigs exactly as prometheus-operator does, with its own code and without a cluster.
// Standard input: one JSON object, as `input` below. Standard output: alertmanager.yml.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/blang/semver/v4"
	"github.com/prometheus-operator/prometheus-operator/pkg/alertmanager"
	validationv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/alertmanager/validation/v1alpha1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type input struct {
	// Of the Alertmanager resource.
	Namespace string `json:"namespace"`
	Strategy  string `json:"strategy"`
	Version   string `json:"version"`
	// The configuration that the platform gave it, as YAML.
	Base string `json:"base"`
	// In any order: they are sorted by namespace and name, as in the operator.
	Configs []*monitoringv1alpha1.AlertmanagerConfig `json:"configs"`
	Secrets []*corev1.Secret                         `json:"secrets"`
}

func run() error {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	version, err := semver.Parse(in.Version)
	if err != nil {
		return fmt.Errorf("version %q: %w", in.Version, err)
	}
	objects := make([]any, len(in.Secrets))
	for i, secret := range in.Secrets {
		objects[i] = secret
	}
	am := &monitoringv1.Alertmanager{
		ObjectMeta: metav1.ObjectMeta{Name: "main", Namespace: in.Namespace},
		Spec: monitoringv1.AlertmanagerSpec{
			AlertmanagerConfigMatcherStrategy: monitoringv1.AlertmanagerConfigMatcherStrategy{Type: monitoringv1.AlertmanagerConfigMatcherStrategyType(in.Strategy)},
		},
	}
	builder := alertmanager.NewConfigBuilder(slog.New(slog.NewTextHandler(os.Stderr, nil)), version, assets.NewTestStoreBuilder(objects...), am)
	if err := builder.InitializeFromRawConfiguration([]byte(in.Base)); err != nil {
		return fmt.Errorf("the base: %w", err)
	}
	configs := make(map[string]*monitoringv1alpha1.AlertmanagerConfig, len(in.Configs))
	for _, config := range in.Configs {
		key := config.Namespace + "/" + config.Name
		if err := validationv1alpha1.ValidateAlertmanagerConfig(config); err != nil {
			return fmt.Errorf("%s is refused: %w", key, err)
		}
		configs[key] = config
	}
	if err := builder.AddAlertmanagerConfigs(context.Background(), configs); err != nil {
		return err
	}
	// YAML, in spite of its name
	out, err := builder.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
