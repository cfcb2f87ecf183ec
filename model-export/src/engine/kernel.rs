//! Which instructions margins are computed with.

/// A way of computing margins. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// 512 bits at a time: AVX-512 with byte permutations and Galois-field bit matrices (x86-64).
    Avx512,
    /// 256 bits at a time (x86-64).
    Avx2,
    /// 128 bits at a time, in WebAssembly that was built with `simd128`.
    Simd128,
    /// Plain integers, or what the compiler makes of them. In WebAssembly only where `simd128` is not.
    Portable,
}

impl Kernel {
    const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Simd128, Self::Portable];

    /// The kernels that run here, the fastest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|kernel| kernel.runs()).collect()
    }

    /// The first of [`Kernel::available`].
    pub(super) fn fastest() -> Self {
        let fastest = Self::ALL.into_iter().find(|kernel| kernel.runs());
        fastest.unwrap_or(Self::Portable)
    }

    pub(super) fn runs(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512vbmi")
                    && std::arch::is_x86_feature_detected!("gfni")
                    && Self::Avx2.runs()
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("bmi1")
                    && std::arch::is_x86_feature_detected!("bmi2")
                    && std::arch::is_x86_feature_detected!("lzcnt")
                    && std::arch::is_x86_feature_detected!("popcnt")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => false,
            Self::Simd128 => cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            Self::Portable => !Self::Simd128.runs(),
        }
    }

    /// Whether one row goes through trees by blocks.
    pub(super) fn goes_by_blocks(self) -> bool {
        let vectors = cfg!(any(
            target_arch = "x86_64",
            all(target_arch = "wasm32", target_feature = "simd128")
        ));
        vectors && self != Self::Portable
    }
}
