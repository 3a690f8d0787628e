#include <cblas.h>

// Ends the threads that OpenBLAS starts when it is loaded; not in its headers, and not in every build of it.
extern int blas_thread_shutdown_(void) __attribute__((weak));

/// Makes OpenBLAS compute on the thread that asks, and ends its own threads: they look out for work for the first
/// milliseconds of a process, on cores that others want.
static inline void moon_keep_blas_to_caller(void) {
  openblas_set_num_threads(1);
  if (blas_thread_shutdown_) blas_thread_shutdown_();
}
