// Runs the scripts of argocd-cm: health, discovery of actions, actions.
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
)

const namespace = "argocd"

// Scripts are the overrides of a ConfigMap.
type Scripts map[string]v1alpha1.ResourceOverride

// Verdict is a health, or why there is none.
type Verdict struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

// Run names an action of an object.
type Run struct {
	Object Object `json:"object"`
	Action string `json:"action"`
}

func readScripts(configMap Object) (Scripts, error) {
	if configMap == nil {
		return Scripts{}, nil
	}
	text, err := json.Marshal(configMap)
	if err != nil {
		return nil, err
	}
	cm := &corev1.ConfigMap{}
	if err := json.Unmarshal(text, cm); err != nil {
		return nil, err
	}
	// the informers of the settings select by this label
	cm.ObjectMeta = metav1.ObjectMeta{Name: "argocd-cm", Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return settings.NewSettingsManager(ctx, fake.NewClientset(cm), namespace).GetResourceOverrides()
}

func (s Scripts) vm() lua.VM { return lua.VM{ResourceOverrides: s} }

func (s Scripts) health(object *unstructured.Unstructured) Verdict {
	status, err := lua.ResourceHealthOverrides(s).GetResourceHealth(object)
	if err != nil {
		return Verdict{Error: err.Error()}
	}
	if status == nil {
		return Verdict{Error: "no script"}
	}
	return Verdict{Status: string(status.Status), Message: status.Message}
}

func (s Scripts) actions(object *unstructured.Unstructured) any {
	discovery, err := s.vm().GetResourceActionDiscovery(object)
	if err != nil {
		return failure(err)
	}
	actions, err := s.vm().ExecuteResourceActionDiscovery(object, discovery)
	if err != nil {
		return failure(err)
	}
	return actions
}

func (s Scripts) run(run Run) any {
	object := live(run.Object)
	action, err := s.vm().GetResourceAction(object, run.Action)
	if err != nil {
		return failure(err)
	}
	made, err := s.vm().ExecuteResourceAction(object, action.ActionLua, nil)
	if err != nil {
		return failure(err)
	}
	if len(made) != 1 || made[0].K8SOperation != lua.PatchOperation {
		return failure(fmt.Errorf("not one patch but %v", made))
	}
	return made[0].UnstructuredObj.Object
}
