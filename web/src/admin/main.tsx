import '../parts/styles.css'
