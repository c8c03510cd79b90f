package apiserver

import (
	"context"
	"maps"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Field managers would tell who wrote what, but the library keeps none for objects that were made in process, and they
// would weigh more than many an object. So who wished last is noted in an annotation.

type askerKey struct{}

// named remembers with each request which program it comes from.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		program, _, _ := strings.Cut(r.UserAgent(), "/")
		if len(validation.IsDNS1123Subdomain(program)) > 0 {
			program = "" // it calls itself something that is no plain name
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), askerKey{}, program)))
	})
}

// noteAsker writes down who changed a wish. What the daemon itself writes is no wish.
func noteAsker(ctx context.Context, now, was metav1.Object) {
	program, ok := ctx.Value(askerKey{}).(string)
	action := now.GetAnnotations()[containers.AnnotationAction]
	asked := action != "" && action != was.GetAnnotations()[containers.AnnotationAction]
	if !ok || !asked && now.GetGeneration() == was.GetGeneration() {
		return
	}
	annotations := map[string]string{}
	maps.Copy(annotations, now.GetAnnotations())
	annotations[app.AnnotationAskedBy] = program
	now.SetAnnotations(annotations)
}
