#![allow(warnings)]
mod support;
use model_export::*;
use support::{file::*, forest, Random};
#[test] fn lab(){
 let mut r=Random::new(std::env::var("SEED").map_or(1,|s|s.parse().unwrap())); let n:u64=std::env::var("N").map_or(100000,|s|s.parse().unwrap());
 let mut acc=0; let mut tot=0; let mut worst=0f64;
 for i in 0..n { let e= if r.below(2)==0 {forest::small_ensemble(r.below(1<<40))} else {forest::ensemble(r.below(1<<40))}; if e.nodes()>400 {continue;} let m=FeatureModel::new(e,vec![],Provenance::default()).unwrap(); let mut b=m.to_bytes(); 
   for _ in 0..30 { let mut c=b.clone(); let cs=content_start(&c); for _ in 0..1+r.below(2) { let at= if r.below(2)==0 {c.len()-1-r.below(3.min(c.len() as u64-30)) as usize} else {cs+r.below((c.len()-cs) as u64) as usize}; c[at]=r.below(256) as u8;} reseal(&mut c); tot+=1; if c!=b { let t=std::time::Instant::now(); let res=ModelFile::from_bytes(&c); let dt=t.elapsed().as_secs_f64()/c.len() as f64; if dt>worst {worst=dt;} if let Ok(m)=res { acc+=1; assert_eq!(m.to_bytes(), c); } } } }
 println!("mutated accepted {acc} of {tot} worst s/byte {worst:.2e}");
}
