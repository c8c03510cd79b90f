package memstore

import (
	"context"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
)

// TestConformance runs the suite that upstream runs on its own etcd store: what passes it can stand in for etcd.
//
// Eight of its functions are about damaged data. They change the bytes in etcd, or make a value transformer fail, and
// look at how the store copes; here there are no bytes, and nothing that could fail to decode, so they cannot be asked:
// GuaranteedUpdateChecksStoredData, TransformationFailure, WatchError, WatchErrorIsBlockingFurtherEvents,
// WatchWithUnsafeDelete, GetListWithErrorAggregation, GetListWithoutErrorAggregation and
// DeleteExpectedTransformOrDecodeError. Its three benchmarks are not tests; ours are in bench_test.go.
func TestConformance(t *testing.T) {
	type suite = func(context.Context, *testing.T, storage.Interface)
	plain := map[string]suite{
		"CreateWithTTL":                              storagetesting.RunTestCreateWithTTL,
		"CreateWithKeyExist":                         storagetesting.RunTestCreateWithKeyExist,
		"Get":                                        storagetesting.RunTestGet,
		"UnconditionalDelete":                        storagetesting.RunTestUnconditionalDelete,
		"ConditionalDelete":                          storagetesting.RunTestConditionalDelete,
		"DeleteWithSuggestion":                       storagetesting.RunTestDeleteWithSuggestion,
		"DeleteWithSuggestionAndConflict":            storagetesting.RunTestDeleteWithSuggestionAndConflict,
		"DeleteWithConflict":                         storagetesting.RunTestDeleteWithConflict,
		"DeleteWithSuggestionOfDeletedObject":        storagetesting.RunTestDeleteWithSuggestionOfDeletedObject,
		"ValidateDeletionWithSuggestion":             storagetesting.RunTestValidateDeletionWithSuggestion,
		"ValidateDeletionWithOnlySuggestionValid":    storagetesting.RunTestValidateDeletionWithOnlySuggestionValid,
		"PreconditionalDeleteWithSuggestion":         storagetesting.RunTestPreconditionalDeleteWithSuggestion,
		"PreconditionalDeleteWithOnlySuggestionPass": storagetesting.RunTestPreconditionalDeleteWithOnlySuggestionPass,
		"GuaranteedUpdateWithTTL":                    storagetesting.RunTestGuaranteedUpdateWithTTL,
		"GuaranteedUpdateWithConflict":               storagetesting.RunTestGuaranteedUpdateWithConflict,
		"GuaranteedUpdateWithSuggestionAndConflict":  storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict,
		"KeySchema":                                  storagetesting.RunTestKeySchema,
		"ListPaging":                                 storagetesting.RunTestListPaging,
		"GetListRecursivePrefix":                     storagetesting.RunTestGetListRecursivePrefix,
		"NamespaceScopedList":                        storagetesting.RunTestNamespaceScopedList,
		"Watch":                                      storagetesting.RunTestWatch,
		"ClusterScopedWatch":                         storagetesting.RunTestClusterScopedWatch,
		"NamespaceScopedWatch":                       storagetesting.RunTestNamespaceScopedWatch,
		"DeleteTriggerWatch":                         storagetesting.RunTestDeleteTriggerWatch,
		"WatchFromNonZero":                           storagetesting.RunTestWatchFromNonZero,
		"DelayedWatchDelivery":                       storagetesting.RunTestDelayedWatchDelivery,
		"WatchContextCancel":                         storagetesting.RunTestWatchContextCancel,
		"WatcherTimeout":                             storagetesting.RunTestWatcherTimeout,
		"WatchDeleteEventObjectHaveLatestRV":         storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV,
		"WatchInitializationSignal":                  storagetesting.RunTestWatchInitializationSignal,
		"WatchBookmarksWithCorrectResourceVersion":   storagetesting.RunTestOptionalWatchBookmarksWithCorrectResourceVersion,
		"SendInitialEventsBackwardCompatibility":     storagetesting.RunSendInitialEventsBackwardCompatibility,
		"WatchSemantics":                             storagetesting.RunWatchSemantics,
		"WatchSemanticInitialEventsExtended":         storagetesting.RunWatchSemanticInitialEventsExtended,
		"WatchListMatchSingle":                       storagetesting.RunWatchListMatchSingle,
	}
	for name, run := range plain {
		t.Run(name, func(t *testing.T) {
			ctx, s := newPodStore(t, Options{})
			run(ctx, t, s)
		})
	}

	// These want a hand in the store, too.
	inside := map[string]func(context.Context, *testing.T, *Store){
		"Create": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestCreate(ctx, t, s, invariants(s))
		},
		"GuaranteedUpdate": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestGuaranteedUpdate(ctx, t, untransformed{s}, invariants(s))
		},
		"List": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestList(ctx, t, s, compaction(s), false, nil)
		},
		"ListResourceVersionMatch": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestListResourceVersionMatch(ctx, t, untransformed{s})
		},
		"ConsistentList": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestConsistentList(ctx, t, s, bump(s), false, true, false)
		},
		"GetListNonRecursive": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestGetListNonRecursive(ctx, t, bump(s), s)
		},
		"ListContinuation": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestListContinuation(ctx, t, s, anyNumberOfCalls)
		},
		"ListPaginationRareObject": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestListPaginationRareObject(ctx, t, s, anyNumberOfCalls)
		},
		"ListContinuationWithFilter": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestListContinuationWithFilter(ctx, t, s, anyNumberOfCalls)
		},
		"ListInconsistentContinuation": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestListInconsistentContinuation(ctx, t, s, compaction(s))
		},
		"CompactRevision": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestCompactRevision(ctx, t, s, bump(s), compaction(s))
		},
		"Stats": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestStats(ctx, t, s, podCodec(), identity.NewEncryptCheckTransformer(), false)
		},
		"StatsWithSizes": func(ctx context.Context, t *testing.T, s *Store) {
			if err := s.EnableResourceSizeEstimation(nil); err != nil {
				t.Fatal(err)
			}
			storagetesting.RunTestStats(ctx, t, s, podCodec(), identity.NewEncryptCheckTransformer(), true)
		},
		"WatchFromZero": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestWatchFromZero(ctx, t, s, compaction(s))
		},
		"WatchDispatchBookmarkEvents": func(ctx context.Context, t *testing.T, s *Store) {
			storagetesting.RunTestWatchDispatchBookmarkEvents(ctx, t, s, true)
		},
		"DeleteWithSuggestionAndMissingExpectedTransformOrDecodeError": func(ctx context.Context, t *testing.T, s *Store) {
			allowUnsafeDeletion(t)
			storagetesting.RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError(ctx, t, s)
		},
		"DeleteWithConflictAndMissingExpectedTransformOrDecodeError": func(ctx context.Context, t *testing.T, s *Store) {
			allowUnsafeDeletion(t)
			storagetesting.RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError(ctx, t, s, func(bool) {})
		},
	}
	for name, run := range inside {
		t.Run(name, func(t *testing.T) {
			ctx, s := newPodStore(t, Options{})
			run(ctx, t, s)
		})
	}
	t.Run("ProgressNotify", func(t *testing.T) {
		ctx, s := newPodStore(t, Options{Progress: time.Second})
		storagetesting.RunOptionalTestProgressNotify(ctx, t, s, bump(s))
	})
}

// invariants are what the suite wants checked of every stored object.
func invariants(s *Store) storagetesting.KeyValidation {
	return func(_ context.Context, t *testing.T, key string) {
		t.Helper()
		e := s.load(key)
		if e == nil {
			t.Fatalf("nothing is stored at %s", key)
		}
		pod := e.obj.(*example.Pod)
		if rv, err := s.versioner.ObjectResourceVersion(pod); err != nil || rv != e.rv {
			t.Errorf("stored as version %d, the object says %d (%v)", e.rv, rv, err)
		}
	}
}

// compaction forgets the past. etcd's uses up a version doing so, and the lists of the suite expect that.
func compaction(s *Store) storagetesting.Compaction {
	return func(_ context.Context, t *testing.T, version string) {
		t.Helper()
		rv, err := s.versioner.ParseResourceVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		s.Compact(rv)
		s.backend.Bump()
	}
}

func bump(s *Store) storagetesting.IncreaseRVFunc {
	return func(context.Context, *testing.T) int64 { return int64(s.backend.Bump()) }
}

// anyNumberOfCalls stands for the count of requests to etcd that a paged list may take.
func anyNumberOfCalls(*testing.T, uint64, uint64) {}

func allowUnsafeDeletion(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, utilfeature.DefaultFeatureGate, features.AllowUnsafeMalformedObjectDeletion, true)
}

// untransformed is for functions that count or change what a value transformer does on the side of their real question.
type untransformed struct{ *Store }

func (untransformed) UpdatePrefixTransformer(modify storagetesting.PrefixTransformerModifier) func() {
	modify(&storagetesting.PrefixTransformer{})
	return func() {}
}
