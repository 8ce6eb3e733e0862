use reduced_jpeg::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&a[1]).unwrap();
    let scale = Scale::ALL[a[2].parse::<usize>().unwrap() - 1];
    let scans = if a.len() > 3 && a[3] == "all" { Scans::All } else { Scans::Needed };
    let n: usize = 40;
    let mut d = Decoder::new();
    let (mut m1, mut m2) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..n {
        let t = cpu_time::ThreadTime::now();
        let p = d.decode(&bytes, &Options::at(scale).with_scans(scans)).unwrap();
        let t1 = t.elapsed().as_secs_f64() * 1e3;
        std::hint::black_box(p.to_rgb());
        let t2 = t.elapsed().as_secs_f64() * 1e3;
        m1 = m1.min(t1);
        m2 = m2.min(t2 - t1);
    }
    println!("decode {m1:.2} rgb {m2:.2}");
}
